//! Puts the files of `dist` into the program: writes each form of each file into `OUT_DIR`, and `files.rs`, the list that
//! `src/lib.rs` includes. What is in `dist` is made by `cargo xtask web`.
#![allow(clippy::print_stdout, reason = "a build script speaks to cargo on it")]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Error, Write as _};
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

fn main() {
    println!("cargo::rerun-if-changed=dist");
    let list = match list(Path::new("dist")) {
        Ok(list) => list,
        Err(error) => return println!("cargo::error=web/dist: {error}"),
    };
    if let Err(error) = out_dir().and_then(|out| fs::write(out.join("files.rs"), list)) {
        println!("cargo::error=the list of files cannot be written: {error}");
    }
}

fn out_dir() -> io::Result<PathBuf> {
    std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or(Error::other("cargo sets no OUT_DIR"))
}

/// The source of an array of `File`, in the order of their paths.
fn list(dist: &Path) -> io::Result<String> {
    if !dist.join("index.html").is_file() {
        return Err(Error::other(
            "there is no index.html; run `cargo xtask web`, which builds the application",
        ));
    }
    let mut paths = Vec::new();
    walk(dist, "", &mut paths)?;
    paths.sort();
    let mut source = String::from("[\n");
    for (number, path) in paths.iter().enumerate() {
        source += &entry(&format!("file-{number}"), path, &fs::read(dist.join(path))?)?;
    }
    source += "]\n";
    Ok(source)
}

/// Paths below `directory` with `/` between their parts. Names that begin with a dot are of the system or of tools.
fn walk(directory: &Path, before: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| Error::other("a name is not UTF-8"))?;
        let path = format!("{before}{name}");
        if name.starts_with('.') {
            continue;
        } else if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

fn entry(name: &str, path: &str, bytes: &[u8]) -> io::Result<String> {
    let kind = content_type(path)?;
    let brotli = smaller(&format!("{name}.br"), brotli(bytes)?, bytes)?;
    let gzip = smaller(&format!("{name}.gz"), gzip(bytes)?, bytes)?;
    let identity = include(name, bytes)?;
    let tag = tag(bytes);
    Ok(format!(
        "    File {{ path: {path:?}, content_type: {kind:?}, tag: {tag:?}, identity: {identity}, \
         brotli: {brotli}, gzip: {gzip} }},\n"
    ))
}

fn content_type(path: &str) -> io::Result<&'static str> {
    Ok(match Path::new(path).extension().and_then(OsStr::to_str) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        _ => return Err(Error::other(format!("web/build.rs knows no content type for {path}"))),
    })
}

/// Weak (RFC 9110 section 8.8.1), because all forms of a file share it.
fn tag(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex = digest[..16].iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("W/\"{hex}\"")
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut made = Vec::new();
    let best = brotli::enc::BrotliEncoderParams { size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut made, &best)?;
    Ok(made)
}

/// The same bytes on every system: its header names none, and no time.
fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().operating_system(255).write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The source of an `Option` with a compressed form: `None` where it saves nothing.
fn smaller(name: &str, made: Vec<u8>, bytes: &[u8]) -> io::Result<String> {
    if made.len() >= bytes.len() {
        return Ok("None".to_owned());
    }
    Ok(format!("Some({})", include(name, &made)?))
}

/// The source of the bytes. `env!` is resolved when it is compiled, so no path of this machine gets into the program.
fn include(name: &str, bytes: &[u8]) -> io::Result<String> {
    fs::write(out_dir()?.join(name), bytes)?;
    Ok(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))"))
}
