//! The web application as files in the program: what Vite built from `app/` into `dist/`, with what its server needs to
//! know of each. `build.rs` reads `dist` and compresses it once, when the program is compiled.
//!
//! ```
//! let page = coulisses_web::find("index.html").expect("an application begins with its page");
//! let form = page.form("gzip, br");
//! assert_eq!((page.content_type, form.encoding), ("text/html; charset=utf-8", Some("br")));
//! ```

mod accept;

use accept::quality;

/// All files, by path.
pub static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// One file.
#[derive(Debug)]
pub struct File {
    /// From `dist`, for example `assets/index-B2k9xQ1d.js`.
    pub path: &'static str,
    pub content_type: &'static str,
    /// Its `ETag`.
    pub tag: &'static str,
    identity: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// A file as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub bytes: &'static [u8],
    /// The `Content-Encoding`, if it has one.
    pub encoding: Option<&'static str>,
}

/// The file at this path from `dist`.
pub fn find(path: &str) -> Option<&'static File> {
    let at = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
    FILES.get(at)
}

impl File {
    /// The form that an `Accept-Encoding` prefers, the smaller one of equals. A client that accepts none of them gets the
    /// file as it is.
    pub fn form(&self, accept_encoding: &str) -> Form {
        let identity = Form { bytes: self.identity, encoding: None };
        let compressed = [("br", self.brotli), ("gzip", self.gzip)];
        let offered = compressed.into_iter().filter_map(|(encoding, bytes)| {
            let accepted = quality(accept_encoding, encoding)?;
            Some((accepted, Form { bytes: bytes?, encoding: Some(encoding) }))
        });
        let unchanged = quality(accept_encoding, "identity").unwrap_or(0.0);
        offered
            .filter(|(accepted, _)| *accepted > 0.0)
            .chain([(unchanged, identity)])
            // Of equals `max_by` would take the last.
            .min_by(|(one, _), (other, _)| other.total_cmp(one))
            .map_or(identity, |(_, form)| form)
    }

    /// Whether its name changes whenever its content does: those of Vite end with a hash (`[name]-[hash].js`).
    pub fn is_immutable(&self) -> bool {
        has_hash(self.path)
    }
}

/// How many characters of a hash Vite puts into a name.
const HASH: usize = 8;

fn has_hash(path: &str) -> bool {
    let Some((stem, _)) = path.strip_prefix("assets/").and_then(|name| name.rsplit_once('.')) else {
        return false;
    };
    let is_of_hash = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match stem.len().checked_sub(HASH + 1).and_then(|at| stem.as_bytes().get(at..)) {
        Some([b'-', hash @ ..]) => hash.iter().all(is_of_hash),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: File = File {
        path: "assets/index-B2k9xQ1d.js",
        content_type: "text/javascript",
        tag: "W/\"1\"",
        identity: b"identity",
        brotli: Some(b"br"),
        gzip: Some(b"gzip"),
    };

    #[test]
    fn the_form_that_is_preferred_is_sent() {
        for (accepted, encoding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0.4, gzip;q=0.5", Some("gzip")),
            ("br;q=0, gzip", Some("gzip")),
            ("gzip;q=0, br;q=0", None),
            ("identity, gzip;q=0.9", None),
            ("identity;q=0.5, gzip;q=0.5", Some("gzip")),
            ("zstd", None),
            ("*", Some("br")),
            ("br;q=0, *", Some("gzip")),
            ("*;q=0", None),
            ("identity;q=0, *;q=0", None),
            ("", None),
        ] {
            let form = SCRIPT.form(accepted);
            assert_eq!(form.encoding, encoding, "{accepted}");
            assert_eq!(form.bytes, encoding.unwrap_or("identity").as_bytes(), "{accepted}");
        }
        let plain = File { brotli: None, gzip: None, ..SCRIPT };
        assert_eq!(plain.form("br, gzip").bytes, b"identity");
    }

    #[test]
    fn a_name_with_a_hash_is_immutable() {
        for (path, immutable) in [
            ("assets/index-B2k9xQ1d.js", true),
            ("assets/web-client-a-_Z0123.css", true),
            ("assets/logo.svg", false),
            ("assets/index-short.js", false),
            ("assets/-B2k9xQ1d", false),
            ("favicon.svg", false),
            ("index.html", false),
            ("index-B2k9xQ1d.js", false),
        ] {
            assert_eq!(has_hash(path), immutable, "{path}");
        }
    }

    #[test]
    fn each_file_is_found_by_its_path_and_nothing_else_is() {
        for file in FILES {
            assert!(find(file.path).is_some_and(|found| std::ptr::eq(found, file)), "{}", file.path);
        }
        assert!(find("index.html").is_some());
        for path in ["", "/index.html", "assets", "assets/", "../Cargo.toml", "index.html.br"] {
            assert!(find(path).is_none(), "{path}");
        }
    }
}
