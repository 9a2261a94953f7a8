//! A Postfix in a throw-away directory, which offers STARTTLS and a login and keeps all mail in one maildir.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::apt;
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::servers::{detach, free_port, is_root, on_path, smtp_script, tail, temporary_directory};

/// The realm of its one login.
const HOST: &str = "mail.drill.example";
/// With letters that SMTP_URL has to encode.
const USER: &str = "crew";
const PASSWORD: &str = "à/la régie@19 h";
const START_LIMIT: Duration = Duration::from_secs(10);
/// `nobody`, who owns what is delivered.
const NOBODY: u32 = 65_534;

pub(super) struct Postfix {
    directory: PathBuf,
    port: u16,
}

impl Postfix {
    pub(super) fn start(cleanup: &Cleanup) -> Result<Self> {
        install()?;
        let directory = temporary_directory(cleanup)?;
        let postfix = Self { port: free_port()?, directory };
        postfix.configure()?;
        let log = postfix.directory.join("postfix.log");
        let master = PathBuf::from(postfix.output("postconf", &["-h", "daemon_directory"])?).join("master");
        let mut command = Command::new(master);
        command.arg("-c").arg(postfix.settings()).arg("-d");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // On SIGTERM it ends its children, too.
        let process = Process::start(detach(&mut command), cleanup)?;
        let id = process.id().to_string();
        cleanup.start(|actions| {
            actions.push(Box::new(move || {
                let _ = Command::new("kill").arg(id).status();
                let _ = process.wait(Some(Duration::from_secs(5)));
            }));
            Ok(())
        })?;
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", postfix.port)).is_err() {
            ensure!(begin.elapsed() < START_LIMIT, "Postfix did not start:\n{}", tail(&log));
            sleep(Duration::from_millis(50));
        }
        Ok(postfix)
    }

    /// `SMTP_URL`.
    pub(super) fn url(&self) -> String {
        let encoded = |text: &str| -> String {
            let letter = |byte: u8| match byte {
                b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            };
            text.bytes().map(letter).collect()
        };
        let user = encoded(&format!("{USER}@{HOST}"));
        format!("smtp+starttls://{user}:{}@localhost:{}", encoded(PASSWORD), self.port)
    }

    /// Whom it says mail was handed in by.
    pub(super) fn user() -> String {
        format!("{USER}@{HOST}")
    }

    /// The authority that issued its certificate.
    pub(super) fn authority(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    pub(super) fn maildir(&self) -> PathBuf {
        self.directory.join("mail/all")
    }

    pub(super) fn log(&self) -> String {
        tail(&self.directory.join("postfix.log"))
    }

    pub(super) fn version(&self) -> Result<String> {
        self.output("postconf", &["-h", "mail_version"])
    }

    fn settings(&self) -> PathBuf {
        self.directory.join("etc")
    }

    fn configure(&self) -> Result<()> {
        let at = |name: &str| self.directory.join(name);
        for folder in ["etc/sasl", "queue", "data", "mail"] {
            fs::create_dir_all(at(folder))?;
        }
        chown(at("mail"), Some(NOBODY), None)?;
        smtp_script("authority.py", &self.directory)?;
        let place = self.directory.display().to_string();
        let filled = |text: &str| text.replace("{place}", &place).replace("{port}", &self.port.to_string());
        fs::write(at("etc/main.cf"), filled(include_str!("../../../smtp/postfix/main.cf")))?;
        fs::write(at("etc/master.cf"), filled(include_str!("../../../smtp/postfix/master.cf")))?;
        fs::write(at("etc/sasl/smtpd.conf"), filled(include_str!("../../../smtp/postfix/smtpd.conf")))?;
        self.add_login()?;
        let owner = self.output("postconf", &["-h", "mail_owner"])?;
        let given = Command::new("chown").arg(owner).arg(at("data")).status();
        ensure!(given.is_ok_and(|status| status.success()), "chown failed");
        // Makes what belongs into the queue.
        self.output("postfix", &["check"])?;
        Ok(())
    }

    fn add_login(&self) -> Result<()> {
        let file = self.directory.join("etc/sasl/logins");
        let mut command = Command::new(on_path("saslpasswd2").context("there is no saslpasswd2")?);
        command.args(["-p", "-c", "-u", HOST, "-f"]).arg(&file).arg(USER);
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("saslpasswd2 reads nothing")?;
        std::io::Write::write_all(&mut input, PASSWORD.as_bytes())?;
        drop(input);
        ensure!(child.wait()?.success(), "saslpasswd2 failed");
        // Postfix reads it without privileges; there is nothing to hide.
        fs::set_permissions(file, fs::Permissions::from_mode(0o644))?;
        Ok(())
    }

    /// What one of its commands prints.
    fn output(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(on_path(program).context("Postfix is not installed")?);
        command.arg("-c").arg(self.settings()).args(arguments).stdin(Stdio::null());
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} failed: {said}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

fn install() -> Result<()> {
    ensure!(is_root(), "Postfix needs root to start");
    let missing = on_path("postconf").is_none() || on_path("saslpasswd2").is_none();
    if missing && apt::is_here() {
        let another = Path::new("/usr/sbin/sendmail").exists() && on_path("postconf").is_none();
        ensure!(!another, "this system has another mail server, which installing Postfix would remove");
        apt::install(&["postfix", "sasl2-bin", "libsasl2-modules"])?;
    }
    ensure!(
        on_path("postconf").is_some() && on_path("saslpasswd2").is_some(),
        "install Postfix and Cyrus SASL with saslpasswd2 and its module for PLAIN"
    );
    Ok(())
}
