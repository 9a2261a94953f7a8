//! Mail on its way: to a real server, and into files.

use crate::support::{Smtp, at};
use coulisses::{
    config::Config,
    locale::{Locale, Period},
    mail::{Addressed, Call, Calls, Contact, Mailer, Outgoing, Undelivered, calls},
    secret::Secret,
    text::Email,
};
use uuid::Uuid;

const LINK: &str = "https://crew.example/invite?token=0123456789abcdef0123456789abcdef";
const SUBJECT: &str = "Théâtre du Rideau\u{a0}: Montage, mardi 1er juin 2027";

fn config(variables: &[(&str, &str)]) -> Config {
    let long = [
        ("SECRET_KEY", "a test's secret key 0123456789abcdef"),
        ("INVITES_SECRET", "a test's invites secret 0123456789"),
    ];
    let common = [("PUBLIC_URL", "https://crew.example"), ("MAIL_FROM", "Régie <crew@crew.example>")];
    let settings = [variables, &long, &common].concat();
    let value = |name: &str| settings.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    Config::from_lookup(&value).expect("a configuration")
}

fn mailer(url: &str) -> Mailer {
    Mailer::of(&config(&[("SMTP_URL", url)])).expect("a mailer")
}

fn mail(to: &str) -> Outgoing {
    let to = Addressed {
        id: Uuid::from_u128(7),
        to: Email::parse(to).expect("an address"),
        name: Some("Nina Étoile, régie".into()),
        reply_to: Some(Email::parse("regie@rideau.example").expect("an address")),
        at: at("2027-05-20T08:00:00Z"),
        locale: Locale::French,
    };
    let when = Period {
        day: "mardi 1er juin 2027".into(),
        times: "14 h – 18 h".into(),
        remark: None,
        duration: "4 h".into(),
    };
    let call = Call {
        mission: "Montage".into(),
        project: None,
        role: Some("Électro".into()),
        place: None,
        // Longer than SMTP allows a line to be, and a line that would end the message.
        note: Some(format!("{}\n.\nQUIT", "très ".repeat(400))),
        when,
        zone: None,
        answer_by: None,
        link: Secret::from(LINK.to_owned()),
    };
    let org = "Théâtre du Rideau".into();
    calls(to, &Calls { org, calls: vec![call], reminder: false, all: None, contact: Contact::default() })
}

fn refused(outcome: Result<(), Undelivered>) -> String {
    match outcome {
        Err(Undelivered::Refused(said)) => said,
        other => panic!("{other:?}"),
    }
}

fn later(outcome: Result<(), Undelivered>) -> String {
    match outcome {
        Err(Undelivered::Later(said)) => said,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_server_mail_is_written_in_development_and_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mail");
    let here = Mailer::of(&config(&[("MAIL_DIR", path.to_str().expect("a path"))])).expect("a mailer");
    assert!(here.can_send());
    for _ in 0..2 {
        here.send(&mail("nina@example.org")).await.expect("it is written");
    }
    let names: Vec<_> =
        std::fs::read_dir(&path).expect("files").map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["00000000-0000-0000-0000-000000000007.eml"]);
    let prod = config(&[("ENV", "prod"), ("MAIL_DIR", path.to_str().expect("a path"))]);
    assert!(
        prod.doubts().iter().any(|doubt| doubt.starts_with("SMTP_URL is not set")),
        "{:?}",
        prod.doubts()
    );
    let nowhere = Mailer::of(&prod).expect("a mailer");
    assert!(!nowhere.can_send());
    later(nowhere.send(&mail("nina@example.org")).await);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    later(mailer(&format!("smtp://127.0.0.1:{port}")).send(&mail("nina@example.org")).await);
}

/// They need the mail server that `cargo xtask test` installs.
#[allow(non_snake_case, reason = "what a quick run leaves out is named after its server")]
mod over_Smtp {
    use super::*;

    #[tokio::test]
    async fn a_mail_arrives_as_it_was_written() {
        let server = Smtp::start();
        let (mailer, mail) = (mailer(&server.url()), mail("nina@example.org"));
        assert!(mailer.can_send());
        for _ in 0..2 {
            mailer.send(&mail).await.expect("it is taken");
        }
        let received = server.mails();
        assert_eq!(received.len(), 2);
        for one in &received {
            assert_eq!(one.get("defects"), &serde_json::json!([]));
            assert_eq!((one.get("from"), one.get("tls")), (&"crew@crew.example".into(), &false.into()));
            assert_eq!(one.get("to"), &serde_json::json!(["nina@example.org"]));
            // One connection carries many mails.
            assert_eq!(one.get("connection"), 1);
            assert!(one.get("longest_line").as_u64().expect("a number") <= 78, "{one:?}");
            assert_eq!(one.header("Subject"), Some(SUBJECT));
            assert_eq!(one.header("From"), Some("Théâtre du Rideau via Régie <crew@crew.example>"));
            assert_eq!(one.header("To"), Some("\"Nina Étoile, régie\" <nina@example.org>"));
            assert_eq!(one.header("Reply-To"), Some("regie@rideau.example"));
            assert_eq!(one.header("Date"), Some("Thu, 20 May 2027 08:00:00 +0000"));
            assert_eq!(one.header("Auto-Submitted"), Some("auto-generated"));
            assert_eq!(one.header("Message-ID"), Some("<00000000-0000-0000-0000-000000000007@crew.example>"));
            assert_eq!(one.get("content_type"), "multipart/alternative");
            assert_eq!(one.text().trim_end(), mail.text.trim_end());
            assert_eq!(one.html().trim_end(), mail.html.trim_end());
        }
    }

    #[tokio::test]
    async fn a_refused_recipient_is_refused_and_the_next_mail_is_not() {
        let server = Smtp::start();
        let mailer = mailer(&server.url());
        server.rules(&["rcpt@gone@example.org 550 5.1.1 unknown user", "data 451 4.3.0 not now"]);
        assert_eq!(refused(mailer.send(&mail("gone@example.org")).await), "550 5.1.1 unknown user");
        assert_eq!(later(mailer.send(&mail("nina@example.org")).await), "451 4.3.0 not now");
        server.rules(&["rcpt 554 5.7.1 relay access denied"]);
        later(mailer.send(&mail("nina@example.org")).await);
        server.rules(&[&format!("data 550 5.7.1 spam: {LINK}")]);
        let said = refused(mailer.send(&mail("nina@example.org")).await);
        assert_eq!(said, "550 5.7.1 spam: https://crew.example/invite?token=***");
        server.rules(&["connect 554 5.7.1 your address is blocked"]);
        later(mailer.send(&mail("nina@example.org")).await);
        server.rules(&[]);
        mailer.send(&mail("nina@example.org")).await.expect("it is taken");
    }

    #[tokio::test]
    async fn a_server_that_breaks_off_gets_the_same_mail_again() {
        let server = Smtp::start();
        let (mailer, mail) = (mailer(&server.url()), mail("nina@example.org"));
        for stage in ["connect", "mail", "rcpt", "data"] {
            server.rules(&[&format!("{stage} drop")]);
            later(mailer.send(&mail).await);
        }
        server.rules(&[]);
        mailer.send(&mail).await.expect("it is taken");
        let ids: Vec<_> =
            server.mails().iter().map(|one| one.header("Message-ID").map(str::to_owned)).collect();
        // It had the whole message when it broke off.
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1]);
    }

    /// A connection that was kept and has been closed since costs nothing.
    #[tokio::test]
    async fn a_kept_connection_that_is_gone_is_replaced() {
        let server = Smtp::start();
        let mailer = mailer(&server.url());
        mailer.send(&mail("nina@example.org")).await.expect("it is taken");
        server.rules(&["mail@crew@crew.example 421 4.3.2 enough"]);
        later(mailer.send(&mail("nina@example.org")).await);
        server.rules(&[]);
        mailer.send(&mail("nina@example.org")).await.expect("it is taken");
        let connections: Vec<_> = server.mails().iter().map(|one| one.get("connection").clone()).collect();
        assert_eq!(connections, [1, 3]);
    }

    #[tokio::test]
    async fn a_server_that_hangs_is_left() {
        for stage in ["connect", "mail", "rcpt", "data"] {
            let server = Smtp::start();
            server.rules(&[&format!("{stage} hang")]);
            let mailer = mailer(&server.url());
            let sending = {
                let mailer = mailer.clone();
                tokio::spawn(async move { mailer.send(&mail("nina@example.org")).await })
            };
            server.until_it_hangs().await;
            // From here on the clock jumps to whatever is waited for.
            tokio::time::pause();
            let begin = tokio::time::Instant::now();
            assert_eq!(later(sending.await.expect("it ends")), "the mail server did not answer in time");
            assert!(begin.elapsed() <= Mailer::LONGEST, "{stage}");
            tokio::time::resume();
            server.rules(&[]);
            mailer.send(&mail("nina@example.org")).await.expect("it is taken");
        }
    }

    #[tokio::test]
    async fn letters_beyond_ascii_need_a_server_that_takes_them() {
        let mailed = |server: Smtp, to: &'static str| async move {
            let outcome = mailer(&server.url()).send(&mail(to)).await;
            outcome.map(|()| server.mails()[0].get("to")[0].clone())
        };
        assert_eq!(mailed(Smtp::start(), "zoé@example.org").await, Ok("zoé@example.org".into()));
        let ascii = || Smtp::start_with(&["--ascii"]);
        assert_eq!(mailed(ascii(), "zoe@théâtre.example").await, Ok("zoe@xn--thtre-1sa7g.example".into()));
        let said = mailed(ascii(), "zoé@example.org").await;
        assert!(matches!(said, Err(Undelivered::Refused(_))), "{said:?}");
    }

    /// Runs this test again in a process that trusts the server's authority, and says whether this is that process.
    fn trusted(test: &str) -> Option<(u16, u16)> {
        if let Ok(ports) = std::env::var("SMTP_PORTS") {
            let (port, tls_port) = ports.split_once(' ').expect("two ports");
            return Some((port.parse().expect("a port"), tls_port.parse().expect("a port")));
        }
        let server = Smtp::start_with(&["--tls", "--login", "crew@crew.example:p@ss/wörd"]);
        let mut again = std::process::Command::new(std::env::current_exe().expect("this program"));
        again.args([&format!("mail::over_Smtp::{test}"), "--exact", "--nocapture"]);
        again.env("SSL_CERT_FILE", server.authority());
        again.env("SMTP_PORTS", format!("{} {}", server.port(), server.tls_port()));
        let output = again.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        let mails = server.mails();
        assert_eq!(mails.len(), 2);
        for one in mails {
            assert_eq!((one.get("tls"), one.get("user")), (&true.into(), &"crew@crew.example".into()));
            assert_eq!((one.get("defects"), one.header("Subject")), (&serde_json::json!([]), Some(SUBJECT)));
        }
        None
    }

    #[tokio::test]
    async fn who_sends_signs_in_over_tls() {
        let Some((port, tls_port)) = trusted("who_sends_signs_in_over_tls") else { return };
        let login = "crew%40crew.example:p%40ss%2Fw%C3%B6rd";
        let sent = async |url: String| mailer(&url).send(&mail("nina@example.org")).await;
        for at in [
            format!("smtp+starttls://{login}@localhost:{port}"),
            format!("smtps://{login}@localhost:{tls_port}"),
        ] {
            sent(at).await.expect("it is taken");
        }
        for (wrong, said) in [
            (format!("smtps://crew:hush@localhost:{tls_port}"), "535"),
            (format!("smtps://localhost:{tls_port}"), "530"),
            // The certificate is another name's.
            (format!("smtps://{login}@127.0.0.1:{tls_port}"), ""),
            // Neither side speaks first, or both.
            (format!("smtp+starttls://{login}@localhost:{tls_port}"), ""),
            (format!("smtps://{login}@localhost:{port}"), ""),
            (format!("smtp://{login}@localhost:{port}"), ""),
        ] {
            let told = later(sent(wrong.clone()).await);
            assert!(
                told.starts_with(said) && !told.contains("hush") && !told.contains("p@ss"),
                "{wrong}: {told}"
            );
            println!("{wrong}: {told}");
        }
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_not_accepted() {
        let server = Smtp::start_with(&["--tls"]);
        for url in [
            format!("smtps://localhost:{}", server.tls_port()),
            format!("smtp+starttls://localhost:{}", server.port()),
        ] {
            later(mailer(&url).send(&mail("nina@example.org")).await);
        }
        assert!(server.mails().is_empty());
    }
}
