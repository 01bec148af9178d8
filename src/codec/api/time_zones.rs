//! Time zone databases, with and without their files.

use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::violation::Violation;
use crate::domain::zone::{ZoneDatabase, ZoneFile, ZoneFiles, ZoneFilesError};

/// How long the name of a release may be.
const RELEASE_BYTES_MAX: usize = 64;

/// Which database it is, without its files.
pub fn encode_name(files: &ZoneFiles) -> v1::TimeZoneDatabase {
    let (release, digest) = (files.release().to_owned(), files.digest().to_string());
    v1::TimeZoneDatabase { release, digest, files: Vec::new() }
}

/// The database with its files.
pub fn encode(files: &ZoneFiles) -> v1::TimeZoneDatabase {
    let file = |(names, file): (Vec<&str>, &ZoneFile)| v1::TimeZoneFile {
        names: names.into_iter().map(str::to_owned).collect(),
        content: file.to_vec(),
    };
    let encoded = files.distinct().map(file).collect();
    v1::TimeZoneDatabase { files: encoded, ..encode_name(files) }
}

/// The files of a database of a request, which must be those that its digest, if given, identifies.
pub fn decode(database: v1::TimeZoneDatabase) -> Result<ZoneFiles, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let digest = database.digest.clone();
    if database.release.is_empty() || database.release.len() > RELEASE_BYTES_MAX {
        let text = format!("must have 1 to {RELEASE_BYTES_MAX} bytes, such as \"2026a\"");
        violations.add("release", text);
    }
    if let Err(error) = check_sizes(&database.files) {
        violations.add("files", format!("can't be used: {error}"));
    }
    violations.check()?;
    let mut violations = FieldViolations::default();
    let files = files(database);
    if let Err(error) = files.check() {
        violations.add("files", format!("can't be used: {error}"));
    }
    if !digest.is_empty() && digest != files.digest().to_string() {
        violations.add("digest", "is not that of the files: leave it out, or send all files");
    }
    violations.check()?;
    Ok(files)
}

/// Before anything is made of them: each file counts for every zone that is said to have it.
fn check_sizes(files: &[v1::TimeZoneFile]) -> Result<(), ZoneFilesError> {
    let zones = files.iter().map(|file| file.names.len()).sum();
    ZoneFiles::check_sizes(zones, files.iter().map(|file| file.content.len()))
}

/// The files as they are, unchecked.
pub(in crate::codec) fn files(database: v1::TimeZoneDatabase) -> ZoneFiles {
    let named = database.files.into_iter().flat_map(|of| {
        let file = ZoneFile::from(of.content);
        of.names.into_iter().map(move |name| (name, ZoneFile::clone(&file)))
    });
    ZoneFiles::new(database.release, named)
}

/// Which database is in use, without its files.
pub fn encode_in_use(zones: &ZoneDatabase) -> v1::TimeZoneDatabase {
    encode_name(zones.files())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_what_its_message_says() {
        let bundled = ZoneFiles::bundled();
        assert_eq!(decode(encode(&bundled)), Ok(bundled.clone()));
        let refused = |change: fn(&mut v1::TimeZoneDatabase)| {
            let mut message = encode(&bundled);
            change(&mut message);
            decode(message).unwrap_err().into_iter().map(|v| v.field).collect::<Vec<_>>()
        };
        assert_eq!(refused(|message| message.release.clear()), ["release"]);
        assert_eq!(refused(|message| message.digest = "00".to_owned()), ["digest"]);
        assert_eq!(refused(|message| drop(message.files.pop())), ["digest"]);
        assert_eq!(refused(|message| message.files.clear()), ["files", "digest"]);
        let many = |message: &mut v1::TimeZoneDatabase| {
            message.files[0].names.extend((0..2_000).map(|number| number.to_string()));
        };
        assert_eq!(refused(many), ["files"]);
        assert_eq!(refused(|message| message.files[0].content = vec![0; 70_000]), ["files"]);
        let unnamed = v1::TimeZoneDatabase { digest: String::new(), ..encode(&bundled) };
        assert!(decode(unnamed).is_ok());
    }
}
