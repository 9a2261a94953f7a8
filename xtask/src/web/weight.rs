//! How much JavaScript a browser loads before somebody can work, by who they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;

/// What Vite writes about its chunks, in the directory that it builds into.
pub(super) const MANIFEST: &str = ".vite/manifest.json";

const PAGE: &str = "index.html";

/// Whoever signs in, the module that is loaded for them, and bytes of JavaScript at most, compressed with gzip.
const LIMITS: [(&str, &str, usize); 2] =
    [("a technician", "technician.ts", 45_000), ("a planner", "planner.ts", 90_000)];

type Manifest = BTreeMap<String, Chunk>;

#[derive(Deserialize)]
struct Chunk {
    file: String,
    #[serde(default)]
    src: String,
    /// Keys of the chunks that it takes along.
    #[serde(default)]
    imports: Vec<String>,
}

/// One for each of [`LIMITS`], in bytes.
pub(super) struct Weights([usize; LIMITS.len()]);

impl Weights {
    pub(super) fn of(built: &Path) -> Result<Self> {
        let manifest = fs::read(built.join(MANIFEST)).context("vite wrote no manifest")?;
        let manifest: Manifest =
            serde_json::from_slice(&manifest).context("the manifest is not as expected")?;
        let mut weights = [0; LIMITS.len()];
        for (weight, (_, module, _)) in weights.iter_mut().zip(LIMITS) {
            for file in loaded(&manifest, module)? {
                *weight +=
                    compressed(&fs::read(built.join(file)).with_context(|| format!("cannot read {file}"))?)?;
            }
        }
        Ok(Self(weights))
    }

    pub(super) fn ensure_light(&self) -> Result<()> {
        for (weight, (who, module, limit)) in self.0.iter().zip(LIMITS) {
            ensure!(
                *weight <= limit,
                "{who} loads {:.1} kB of JavaScript, more than {:.0}: load what is rarely needed later (`import()` in {module})",
                kilobytes(*weight),
                kilobytes(limit)
            );
        }
        Ok(())
    }
}

impl fmt::Display for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.iter().zip(LIMITS).map(|(weight, (who, _, limit))| {
            format!("{who} {:.1} kB (at most {:.0})", kilobytes(*weight), kilobytes(limit))
        });
        write!(f, "JavaScript that is loaded, in gzip: {}", each.collect::<Vec<_>>().join(", "))
    }
}

#[allow(clippy::cast_precision_loss, reason = "it is printed with one digit")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The files of the page and of a module, with all that they import.
fn loaded<'m>(manifest: &'m Manifest, module: &str) -> Result<BTreeSet<&'m str>> {
    let own = manifest.iter().find(|(_, chunk)| chunk.src.rsplit('/').next() == Some(module));
    let (own, _) =
        own.with_context(|| format!("{module} is no chunk of its own: `import()` makes it one"))?;
    let mut files = BTreeSet::new();
    let mut ahead = vec![PAGE, own.as_str()];
    while let Some(key) = ahead.pop() {
        let chunk = manifest.get(key).with_context(|| format!("the manifest has no {key}"))?;
        if files.insert(chunk.file.as_str()) {
            ahead.extend(chunk.imports.iter().map(String::as_str));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_str(
            r#"{
            "_shared.js": { "file": "assets/shared.js", "name": "shared" },
            "_zones.js": { "file": "assets/zones.js", "imports": ["_shared.js"] },
            "app/board/Export.svelte": { "file": "assets/Export.js", "src": "app/board/Export.svelte", "isDynamicEntry": true },
            "app/planner.ts": { "file": "assets/planner.js", "src": "app/planner.ts", "isDynamicEntry": true,
                "imports": ["index.html", "_zones.js"], "dynamicImports": ["app/board/Export.svelte"] },
            "app/technician.ts": { "file": "assets/technician.js", "src": "app/technician.ts", "isDynamicEntry": true,
                "imports": ["index.html"] },
            "index.html": { "file": "assets/index.js", "src": "index.html", "isEntry": true, "css": ["assets/style.css"],
                "imports": ["_shared.js"], "dynamicImports": ["app/planner.ts", "app/technician.ts"] }
        }"#,
        )
        .unwrap()
    }

    #[test]
    fn each_loads_the_page_and_their_own_and_what_those_import() {
        let manifest = manifest();
        let files = |module| loaded(&manifest, module).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(files("technician.ts"), ["assets/index.js", "assets/shared.js", "assets/technician.js"]);
        assert_eq!(
            files("planner.ts"),
            ["assets/index.js", "assets/planner.js", "assets/shared.js", "assets/zones.js"]
        );
        assert!(loaded(&manifest, "other.ts").is_err());
    }

    #[test]
    fn what_is_too_heavy_is_refused_by_name() {
        let (technician, planner) = (LIMITS[0].2, LIMITS[1].2);
        assert!(Weights([technician, planner]).ensure_light().is_ok());
        for (weights, who) in
            [([technician + 1, planner], "technician"), ([technician, planner + 1], "planner")]
        {
            let refusal = Weights(weights).ensure_light().unwrap_err().to_string();
            assert!(refusal.contains(who), "{refusal}");
        }
        assert_eq!(
            Weights([12_345, 67_890]).to_string(),
            "JavaScript that is loaded, in gzip: a technician 12.3 kB (at most 45), a planner 67.9 kB (at most 90)"
        );
    }

    #[test]
    fn what_is_loaded_counts_as_it_is_sent() {
        let built = tempfile::tempdir().unwrap();
        fs::create_dir_all(built.path().join(".vite")).unwrap();
        fs::create_dir(built.path().join("assets")).unwrap();
        fs::write(
            built.path().join(MANIFEST),
            r#"{ "index.html": { "file": "assets/index.js" }, "p": { "file": "assets/p.js", "src": "app/planner.ts" },
                "t": { "file": "assets/t.js", "src": "app/technician.ts" } }"#,
        )
        .unwrap();
        for (file, text) in
            [("index.js", "a".repeat(10_000)), ("p.js", "b".repeat(9_000)), ("t.js", String::new())]
        {
            fs::write(built.path().join("assets").join(file), text).unwrap();
        }
        let Weights([technician, planner]) = Weights::of(built.path()).unwrap();
        assert!(technician < planner && planner < 200, "{technician} {planner}");
    }
}
