//! A demonstration that others on the same network can reach, from a telephone for example: with secrets and a password of
//! its own, in a database of its own, because those of the other one are known to everyone.

use crate::cli::{CliError, unreadable};
use crate::random::Random;
use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    net::{IpAddr, UdpSocket},
    path::Path,
};

const FOLDER: &str = "./backend";
const FILE: &str = "./backend/demo-open.env";
const DATABASE: &str = "sqlite:///./backend/demo-open.db";
/// In the file beside the settings.
const PASSWORD: &str = "DEMO_PASSWORD";

/// Its own settings, which count before those that the program was started with (`given`), and the password of its sign-ins. The
/// port, and the address that others use, may be given.
pub(in crate::cli) fn settings(
    given: &dyn Fn(&str) -> Option<String>,
    random: &Random,
) -> Result<HashMap<String, String>, CliError> {
    let named = |name: &str| given(name).filter(|value| !value.trim().is_empty());
    let mut settings = secrets(random)?;
    settings.insert("ENV".into(), "dev".into());
    settings.insert("DATABASE_URL".into(), DATABASE.into());
    settings.insert("BACKEND_HOST".into(), "0.0.0.0".into());
    if named("PUBLIC_URL").is_none() {
        let port = named("BACKEND_PORT").unwrap_or_else(|| "8000".into());
        settings.insert("PUBLIC_URL".into(), format!("http://{}:{port}", own_address()?));
    }
    Ok(settings)
}

/// The password of its sign-ins.
pub(super) fn password(settings: &HashMap<String, String>) -> Result<&str, CliError> {
    let missing =
        || CliError::Refused(format!("{FILE} has no {PASSWORD}; delete it and {DATABASE} to begin again"));
    settings.get(PASSWORD).map(String::as_str).ok_or_else(missing)
}

/// What was made when it was first started, or is made now.
fn secrets(random: &Random) -> Result<HashMap<String, String>, CliError> {
    let io = |what: &str| {
        let what = format!("cannot {what} {FILE}");
        move |source| CliError::Io { what, source }
    };
    fs::create_dir_all(FOLDER).map_err(io("make the folder of"))?;
    if !Path::new(FILE).exists() {
        let hex = |bytes: [u8; 32]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let text = format!(
            "SECRET_KEY={}\nINVITES_SECRET={}\n{PASSWORD}={}\n",
            hex(random.bytes()),
            hex(random.bytes()),
            to_type(random.bytes())
        );
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(FILE).and_then(|mut file| file.write_all(text.as_bytes()));
        // Of two that begin at once, one makes it.
        written
            .or_else(|error| if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
            .map_err(io("write"))?;
    }
    only_its_owners()?;
    let lines = dotenvy::from_path_iter(FILE).and_then(Iterator::collect::<Result<_, _>>);
    lines.map_err(|error| unreadable(FILE, &error))
}

#[cfg(unix)]
fn only_its_owners() -> Result<(), CliError> {
    let metadata =
        fs::metadata(FILE).map_err(|source| CliError::Io { what: format!("cannot read {FILE}"), source })?;
    if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 == 0 {
        return Ok(());
    }
    Err(CliError::Refused(format!(
        "others on this machine may read {FILE}, which holds secrets; run chmod 600 {FILE}"
    )))
}

#[cfg(not(unix))]
fn only_its_owners() -> Result<(), CliError> {
    Ok(())
}

/// 16 of 32 letters and digits that are not mistaken for each other: 80 bits, in groups that a thumb can type.
fn to_type(random: [u8; 16]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let letters: Vec<_> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// The address that this machine has in its network: of the interface that a packet to elsewhere would leave by. None is sent.
fn own_address() -> Result<IpAddr, CliError> {
    let found = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        // TEST-NET-1 (RFC 5737), where nothing is.
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    match found {
        Ok(address) if !address.ip().is_unspecified() => Ok(address.ip()),
        _ => Err(CliError::Refused(
            "this machine has no address in a network; connect it, or name the address that others use in PUBLIC_URL".into(),
        )),
    }
}

/// What whoever opens it should know.
pub(super) const RISK: &str =
    "  Everyone on this network can open it, and read along what is sent, passwords included: there is no
  encryption. Use it for a look only, put nobody's data into it, and stop it when you are done.";

/// A link for a telephone's camera, as light modules on a dark terminal.
pub(super) fn code(link: &str) -> Result<String, CliError> {
    let code = QrCode::with_error_correction_level(link, EcLevel::L);
    let code = code.map_err(|error| CliError::Refused(format!("the link cannot be drawn: {error}")))?;
    let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
    Ok(code.render::<Dense1x2>().dark_color(dark).light_color(light).build())
}
