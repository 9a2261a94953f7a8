//! `Accept-Encoding` (RFC 9110 section 12.5.3).

/// The weight of a coding, from 0 (refused) to 1; `None` when the header does not say.
pub(crate) fn quality(accept_encoding: &str, coding: &str) -> Option<f32> {
    let mut any = None;
    for item in accept_encoding.split(',') {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        if name.eq_ignore_ascii_case(coding) {
            return Some(weight(parts));
        }
        if name == "*" {
            any = Some(weight(parts));
        }
    }
    any
}

/// 1 without a parameter `q`, 0 with one that is no weight.
fn weight<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim_end().eq_ignore_ascii_case("q").then_some(value.trim_start())
    });
    let Some(value) = value else { return 1.0 };
    value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_has_the_weight_that_the_header_gives_it() {
        for (header, weight) in [
            ("br", Some(1.0)),
            ("gzip, BR", Some(1.0)),
            ("gzip , br ; Q = 0.25", Some(0.25)),
            ("br;q=0", Some(0.0)),
            ("br;q=0.000, *", Some(0.0)),
            ("*;q=0.5, gzip", Some(0.5)),
            ("br;level=11;q=0.1", Some(0.1)),
            ("br;q=2", Some(0.0)),
            ("br;q=-1", Some(0.0)),
            ("br;q=NaN", Some(0.0)),
            ("br;q=", Some(0.0)),
            ("brotli, x-br", None),
            ("", None),
        ] {
            assert_eq!(quality(header, "br"), weight, "{header}");
        }
    }
}
