//! The README's walk, as a newcomer pastes it, against the real program with its demonstration season.

#![cfg(unix)]

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_readme_walk_does_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut demo = Demo(
        Command::new(env!("CARGO_BIN_EXE_coulisses"))
            .arg("demo")
            .current_dir(folder.path())
            .env_clear()
            .env("BACKEND_PORT", port.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut greeting = String::new();
    for line in lines.by_ref() {
        greeting.push_str(&line);
        greeting.push('\n');
        if line.contains("\"serving\"") {
            break;
        }
    }
    for wanted in ["marion@", "karim@", "lea@", "/invite?token=", "/docs"] {
        assert!(greeting.contains(wanted), "{wanted} is missing in {greeting}");
    }
    // Keeps the pipe empty while the walk runs.
    std::thread::spawn(move || lines.for_each(drop));

    let readme = include_str!("../../../README.md");
    let walk = readme.split("<!-- walk -->\n```bash\n").nth(1).unwrap().split("```").next().unwrap();
    let walk = walk.replace("127.0.0.1:8000", &format!("127.0.0.1:{port}"));
    let output = Command::new("bash").arg("-euc").arg(&walk).output().unwrap();
    let (shown, complaints) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown}{complaints}");

    assert!(shown.contains(r#""created":3"#), "{shown}");
    assert!(shown.contains(&format!("http://127.0.0.1:{port}/invite?token=")), "{shown}");
    let answers: Vec<&str> =
        shown.lines().filter(|line| line.starts_with('{') && !line.contains("created")).collect();
    let [setup, clash, refusal, show, coverage, best] = answers[..] else { panic!("{shown}") };
    assert!(setup.contains(r#""accepted":true"#), "{setup}");
    assert!(clash.contains(r#""code":"schedule_conflict""#) && clash.contains("Montage"), "{clash}");
    assert!(refusal.contains(r#""accepted":false"#), "{refusal}");
    assert!(show.contains(r#""accepted":true"#), "{show}");
    let plan: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix(r#""status":""#)).collect();
    assert_eq!(plan, [r#"ACCEPTED""#, r#"DECLINED""#, r#"ACCEPTED""#], "{shown}");
    // Of the two places of the first call one is open.
    assert!(coverage.contains(r#""needed":2"#) && coverage.contains(r#""open":1"#), "{coverage}");
    assert!(best.contains(r#""code":"free""#), "{best}");
    let asked: Vec<&str> = shown.lines().filter(|line| line.starts_with(r#""user_name":""#)).collect();
    assert_eq!(asked.len(), 2, "{shown}");
    let undone =
        shown.lines().find(|line| line.starts_with(r#""deleted_assignments":""#.trim_end_matches('"')));
    assert!(undone.is_some_and(|line| line.len() > 36), "{shown}");
}
