job_runtime::group!(DATABASE = []);

fn main() {
    println!("{}", DATABASE.name());
}
