//! The text of an export: unfolded and decoded.

use std::io::Read;

use anyhow::{Context, bail};
use encoding_rs::Encoding;

use super::super::language::RowFormat;

/// Bytes that a compressed file may unfold to, and that are read: rows are held in memory.
const TEXT_BYTES_MAX: u64 = 2 << 30;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// How the rows of a file are written, by its name without `.gz` or `.zst`; of standard input, by
/// how the text begins.
pub(crate) fn format_of(name: &str, text: &[u8]) -> anyhow::Result<RowFormat> {
    let begins_as_json = || {
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        matches!(first, Some(b'{' | b'['))
    };
    let bare = name.trim_end_matches(".zst").trim_end_matches(".gz");
    match bare.rsplit('.').next() {
        _ if name == "-" && begins_as_json() => Ok(RowFormat::Json),
        _ if name == "-" => Ok(RowFormat::Csv),
        Some("csv" | "tsv" | "txt") => Ok(RowFormat::Csv),
        Some("jsonl" | "ndjson") => Ok(RowFormat::JsonLines),
        Some("json") => Ok(RowFormat::Json),
        _ => bail!(
            "{name}: rows are read from .csv, .json, .jsonl or .ndjson (also as .gz or .zst): \
             say --format"
        ),
    }
}

/// The text of the bytes: unfolded, no more of it than [`TEXT_BYTES_MAX`], and in UTF-8. What is
/// compressed is seen by how it begins.
pub(crate) fn text_of(
    name: &str,
    bytes: Vec<u8>,
    encoding: Option<&'static Encoding>,
) -> anyhow::Result<Vec<u8>> {
    let bytes = unfold(name, bytes)?;
    // What a mark at the beginning says is certain.
    let (encoding, mark) = match (Encoding::for_bom(&bytes), encoding) {
        (Some((by_mark, mark)), _) => (by_mark, mark),
        (None, Some(named)) => (named, 0),
        (None, None) => return Ok(bytes),
    };
    let bytes = bytes.get(mark..).unwrap_or_default();
    if encoding == encoding_rs::UTF_8 {
        return Ok(bytes.to_vec());
    }
    match encoding.decode_without_bom_handling(bytes) {
        (text, false) => Ok(text.into_owned().into_bytes()),
        (_, true) => bail!("{name} is not a text in {}: name its encoding", encoding.name()),
    }
}

fn unfold(name: &str, bytes: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    if bytes.starts_with(GZIP) {
        return bounded(flate2::read::MultiGzDecoder::new(bytes.as_slice()), name);
    }
    if bytes.starts_with(ZSTD) {
        let decoder = ruzstd::decoding::StreamingDecoder::new(bytes.as_slice());
        return bounded(decoder.with_context(|| format!("{name} is damaged"))?, name);
    }
    match name {
        _ if name.ends_with(".zst") => bail!("{name} is not compressed with zstd"),
        _ if name.ends_with(".gz") => bail!("{name} is not compressed with gzip"),
        _ => Ok(bytes),
    }
}

/// Reads all that comes, if it is no more than [`TEXT_BYTES_MAX`].
pub(crate) fn bounded(from: impl Read, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = from.take(TEXT_BYTES_MAX + 1).read_to_end(&mut text);
    read.with_context(|| format!("{name} is damaged"))?;
    if text.len() as u64 > TEXT_BYTES_MAX {
        bail!("{name} unfolds to more than {TEXT_BYTES_MAX} bytes: split it");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    const TEXT: &[u8] = "id,state\nA,Gel\u{f6}st\n".as_bytes();

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_is_compressed_is_unfolded_whatever_it_is_called() {
        for bytes in [gzip(TEXT), compress_to_vec(TEXT, CompressionLevel::Fastest), TEXT.to_vec()] {
            assert_eq!(text_of("-", bytes, None).unwrap(), TEXT);
        }
        // As two files that were put together.
        let [mut two, half] = [gzip(TEXT), gzip(TEXT)];
        two.extend(half);
        assert_eq!(text_of("a.gz", two, None).unwrap(), [TEXT, TEXT].concat());
        for name in ["a.csv.gz", "a.csv.zst"] {
            let error = text_of(name, TEXT.to_vec(), None).unwrap_err().to_string();
            assert!(error.contains("is not compressed with"), "{error}");
        }
        let mut cut = gzip(TEXT);
        cut.truncate(12);
        assert!(text_of("a.gz", cut, None).unwrap_err().to_string().contains("is damaged"));
    }

    #[test]
    fn a_text_is_decoded_by_its_mark_or_as_the_mapping_says() {
        let windows = Encoding::for_label(b"windows-1252");
        let bytes = b"id,state\nA,Gel\xf6st\n".to_vec();
        assert_eq!(text_of("a.csv", bytes, windows).unwrap(), TEXT);
        let utf8 = [b"\xef\xbb\xbf", TEXT].concat();
        assert_eq!(text_of("a.csv", utf8, None).unwrap(), TEXT);
        let text = String::from_utf8(TEXT.to_vec()).unwrap();
        let wide = text.encode_utf16().flat_map(u16::to_le_bytes);
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(wide).collect();
        assert_eq!(text_of("a.csv", wide, None).unwrap(), TEXT);
        let error = text_of("a.csv", vec![b'a', 0xff], Encoding::for_label(b"shift_jis"));
        assert!(error.unwrap_err().to_string().contains("not a text in Shift_JIS"));
    }

    #[test]
    fn the_format_is_by_the_name_or_by_the_beginning() {
        let of = |name: &str, text: &[u8]| format_of(name, text).ok();
        assert_eq!(of("a.csv.gz", b""), Some(RowFormat::Csv));
        assert_eq!(of("a.jsonl.zst", b""), Some(RowFormat::JsonLines));
        assert_eq!(of("a.json", b""), Some(RowFormat::Json));
        assert_eq!(of("a.xlsx", b""), None);
        assert_eq!(of("-", b"\n [{}]"), Some(RowFormat::Json));
        assert_eq!(of("-", b"id,state"), Some(RowFormat::Csv));
    }
}
