//! Writes the manual pages and the shell completions of `coulisses` into a folder, laid out as below `/usr/local/share`;
//! for `cargo xtask dist`. An example, because the libraries for it are not worth a place in the program.

use clap_complete::{Shell, generate_to};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Where each shell looks for completions.
const COMPLETIONS: [(Shell, &str); 5] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/site-functions"),
    (Shell::Fish, "fish/vendor_completions.d"),
    (Shell::Elvish, "elvish/lib"),
    (Shell::PowerShell, "powershell"),
];

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("name the folder to write to"))?;
    let pages = subfolder(&folder, "man/man1")?;
    clap_mangen::generate_to(coulisses::cli::command(), pages)?;
    for (shell, name) in COMPLETIONS {
        let place = subfolder(&folder, name)?;
        let file = generate_to(shell, &mut coulisses::cli::command(), "coulisses", &place)?;
        if shell == Shell::Bash {
            // bash-completion looks for a file of the command's own name.
            fs::rename(file, place.join("coulisses"))?;
        }
    }
    Ok(())
}

fn subfolder(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let path = folder.join(name);
    fs::create_dir_all(&path)?;
    Ok(path)
}
