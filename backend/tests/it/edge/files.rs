//! Connections are open files: the limit is raised as far as the system allows, and reaching it stops nothing for good.
#![cfg(unix)]

use crate::cli::{Cli, Serving};
use std::{net::TcpStream, time::Duration};

/// Starts the program under a limit of open files.
fn serve(limit: &str) -> (Cli, Serving) {
    let cli = Cli::new(&[("DB_MAX_CONNECTIONS", "2")]).limited(limit);
    let folder = cli.folder().join("backend");
    std::fs::create_dir(folder).expect("a folder for the database");
    let serving = Serving::start(&cli, &["serve"]);
    let cli = cli.set("BACKEND_PORT", &serving.port.to_string());
    (cli, serving)
}

fn connect(serving: &Serving, number: usize) -> Vec<TcpStream> {
    let connect = |_| TcpStream::connect(("127.0.0.1", serving.port)).expect("a connection");
    (0..number).map(connect).collect()
}

#[test]
fn the_limit_of_open_files_is_raised() {
    // Soft only: the hard one stays as it is.
    let (cli, serving) = serve("ulimit -S -n 64");
    let _open = connect(&serving, 100);
    cli.unlimited().run(&["healthcheck"]).ok();
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0));
    assert!(!rest.contains("no connection can be accepted"), "{rest}");
}

#[test]
fn without_open_files_left_accepting_pauses_and_goes_on() {
    let (cli, mut serving) = serve("ulimit -n 64");
    let open = connect(&serving, 100);
    serving.logs("no connection can be accepted");
    // At least one more attempt, a second after the first: it must not be in the log, too.
    std::thread::sleep(Duration::from_millis(1500));
    drop(open);
    cli.unlimited().run(&["healthcheck"]).ok();
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0));
    assert!(!rest.contains("no connection can be accepted"), "logged once: {rest}");
}
