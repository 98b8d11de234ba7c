//! Serves a private PostgreSQL until its input ends: to look around by hand, and to be killed by a test.

use private_postgres::Server;

fn main() {
    let server = Server::start();
    println!("{}", server.url("postgres"));
    println!("{}", server.socket().display());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("it can be read");
}
