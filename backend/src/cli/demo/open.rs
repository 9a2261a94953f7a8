//! A demonstration that others on the same network can reach, from a telephone for example. It generates its secrets and
//! password and has its own database, because those of the local demonstration are published.

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
/// A variable in [`FILE`] that is no setting of the program.
const PASSWORD: &str = "DEMO_PASSWORD";

/// Its settings and password, which take precedence over the variables of the process (`given`). BACKEND_PORT and PUBLIC_URL
/// are taken from those.
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

pub(super) fn password(settings: &HashMap<String, String>) -> Result<&str, CliError> {
    let missing =
        || CliError::Refused(format!("{FILE} has no {PASSWORD}; delete it and {DATABASE} to begin again"));
    settings.get(PASSWORD).map(String::as_str).ok_or_else(missing)
}

/// The secrets and the password from [`FILE`], which the first start creates.
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
        // Another process that started at the same time may have created it.
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

/// 16 characters from 32 that are not mistaken for each other: 80 bits, in groups of four that are easy to type.
fn to_type(random: [u8; 16]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let letters: Vec<_> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// This machine's address on the interface with the default route. Connecting a UDP socket sends no packet.
fn own_address() -> Result<IpAddr, CliError> {
    let found = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        // TEST-NET-1 (RFC 5737), reserved for documentation.
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

pub(super) const RISK: &str =
    "  Everyone on this network can open it, and read along what is sent, passwords included: there is no
  encryption. Use it for a look only, put nobody's data into it, and stop it when you are done.";

/// A QR code of a link, in inverted colours for a dark terminal.
pub(super) fn code(link: &str) -> Result<String, CliError> {
    let code = QrCode::with_error_correction_level(link, EcLevel::L);
    let code = code.map_err(|error| CliError::Refused(format!("the link cannot be drawn: {error}")))?;
    let (dark, light) = (Dense1x2::Light, Dense1x2::Dark);
    Ok(code.render::<Dense1x2>().dark_color(dark).light_color(light).build())
}
