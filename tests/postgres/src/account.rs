//! As whom the server runs: as ourselves, but never as root, which PostgreSQL refuses.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A user of this machine who is not us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// Who is to own this folder of ours and run a server in it; `None` says that we can do so ourselves.
    ///
    /// # Panics
    ///
    /// When we are root and there is nobody else.
    pub(crate) fn for_server_in(folder: &Path) -> Option<Self> {
        // What we made is owned by whom we are.
        if fs::metadata(folder).expect("the folder was made").uid() != 0 {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").expect("this machine has a list of users");
        let account = Self::named("postgres", &users).or_else(|| Self::named("nobody", &users));
        let account = account.expect("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`");
        chown(folder, Some(account.user), Some(account.group)).expect("root may give a folder away");
        Some(account)
    }

    fn named(name: &str, users: &str) -> Option<Self> {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map_while(|number| number.parse().ok());
        Some(Self { user: numbers.next()?, group: numbers.next()? })
    }

    /// Has a command run as this user.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\n\
                         postgresql:x:7:8::/:/bin/sh\n\
                         postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
                         broken:x\n";

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        for (name, found) in [
            ("postgres", Some(Account { user: 101, group: 104 })),
            ("root", Some(Account { user: 0, group: 0 })),
            ("broken", None),
            ("nobody", None),
        ] {
            assert_eq!(Account::named(name, USERS), found, "{name}");
        }
    }
}
