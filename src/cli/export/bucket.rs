//! Exports below a prefix of an object store.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio_stream::StreamExt;

use super::http_client::HttpClients;

/// What is sent at once: what is larger goes in parts, of which one is in memory.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Where an export is put: a bucket, and what the names of its objects begin with.
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: ObjectPath,
}

impl Bucket {
    /// The bucket that a text names, such as `s3://bucket/prefix`; `None`: the text is no URL. Who
    /// this is, and where the store is, the environment says, as for the tools of each cloud.
    pub fn of(text: &str) -> anyhow::Result<Option<Bucket>> {
        let Some((scheme, place)) = text.split_once("://") else { return Ok(None) };
        let clients = HttpClients;
        let store: Arc<dyn ObjectStore> = match scheme {
            "s3" => Arc::new(
                AmazonS3Builder::from_env().with_url(text).with_http_connector(clients).build()?,
            ),
            "gs" => Arc::new(
                GoogleCloudStorageBuilder::from_env()
                    .with_url(text)
                    .with_http_connector(clients)
                    .build()?,
            ),
            "az" => Arc::new(
                MicrosoftAzureBuilder::from_env()
                    .with_url(text)
                    .with_http_connector(clients)
                    .build()?,
            ),
            other => bail!("{other}:// is no object store: one of s3://, gs:// and az://"),
        };
        let prefix = place.split_once('/').map_or("", |(_, prefix)| prefix);
        Ok(Some(Bucket { store, prefix: ObjectPath::parse(prefix)? }))
    }

    /// Puts the files of some directories there, which are below a root, each under its path from
    /// that; then removes what else is below those paths.
    pub async fn put(&self, root: &Path, directories: &[String]) -> anyhow::Result<()> {
        for directory in directories {
            let mut kept = BTreeSet::new();
            for file in files_below(root, directory)? {
                let object = self.object(&file)?;
                self.put_file(&root.join(&file), &object)
                    .await
                    .with_context(|| format!("{object} is not written"))?;
                kept.insert(object);
            }
            self.remove_others(&self.object(directory)?, &kept).await?;
        }
        Ok(())
    }

    /// The name of an object. What is in the names of directories is escaped already.
    fn object(&self, path: &str) -> anyhow::Result<ObjectPath> {
        Ok(match self.prefix.as_ref() {
            "" => ObjectPath::parse(path)?,
            prefix => ObjectPath::parse(format!("{prefix}/{path}"))?,
        })
    }

    async fn put_file(&self, path: &Path, object: &ObjectPath) -> anyhow::Result<()> {
        let mut file = File::open(path)?;
        let first = part(&mut file)?;
        if first.len() < PART_BYTES {
            self.store.put(object, first.into()).await?;
            return Ok(());
        }
        let mut upload = self.store.put_multipart(object).await?;
        let mut next = first;
        while !next.is_empty() {
            if let Err(error) = upload.put_part(next.into()).await {
                // What the store keeps of it would be paid for.
                upload.abort().await.ok();
                return Err(error.into());
            }
            next = part(&mut file)?;
        }
        upload.complete().await?;
        Ok(())
    }

    async fn remove_others(
        &self,
        below: &ObjectPath,
        kept: &BTreeSet<ObjectPath>,
    ) -> anyhow::Result<()> {
        let mut found = self.store.list(Some(below));
        let mut others = Vec::new();
        while let Some(object) = found.next().await {
            others.push(object?.location);
        }
        drop(found);
        for object in others.iter().filter(|object| !kept.contains(object)) {
            self.store.delete(object).await?;
        }
        Ok(())
    }
}

/// The next part of a file; empty: there is no more.
fn part(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(PART_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files below a directory, by their paths from the root.
fn files_below(root: &Path, directory: &str) -> anyhow::Result<Vec<String>> {
    let entries = match std::fs::read_dir(root.join(directory)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        match entry.file_type()?.is_dir() {
            true => found.extend(files_below(root, &path)?),
            false => found.push(path),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn bucket(prefix: &str) -> Bucket {
        Bucket { store: Arc::new(InMemory::new()), prefix: ObjectPath::parse(prefix).unwrap() }
    }

    fn written(root: &Path, path: &str, bytes: &[u8]) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    async fn content(bucket: &Bucket, object: &str) -> Option<Vec<u8>> {
        let found = bucket.store.get(&ObjectPath::parse(object).unwrap()).await.ok()?;
        Some(found.bytes().await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn files_are_put_whole_however_large_and_only_theirs_are_removed() {
        let (here, bucket) = (tempfile::tempdir().unwrap(), bucket("a/b"));
        let large: Vec<u8> = (0..2 * PART_BYTES + 5).map(|at| (at % 251) as u8).collect();
        let (one, other) = ("clocks/contract=a%2Fb/month=1/c", "clocks/contract=c/month=1/c");
        written(here.path(), one, &large);
        written(here.path(), other, b"small");
        for old in ["clocks/contract=c/month=0/c", "clocks/contract=d/month=0/c", "clocks/else"] {
            let object = bucket.object(old).unwrap();
            bucket.store.put(&object, b"old".to_vec().into()).await.unwrap();
        }
        let directories = ["clocks/contract=a%2Fb", "clocks/contract=c"].map(str::to_owned);
        bucket.put(here.path(), &directories).await.unwrap();
        assert!(content(&bucket, &format!("a/b/{one}")).await == Some(large));
        assert_eq!(content(&bucket, &format!("a/b/{other}")).await.unwrap(), b"small");
        assert_eq!(content(&bucket, "a/b/clocks/contract=c/month=0/c").await, None);
        for kept in ["clocks/contract=d/month=0/c", "clocks/else"] {
            assert_eq!(content(&bucket, &format!("a/b/{kept}")).await.unwrap(), b"old");
        }
    }

    #[tokio::test]
    async fn a_contract_that_has_no_file_any_more_has_none_there_either() {
        let (here, bucket) = (tempfile::tempdir().unwrap(), bucket(""));
        let old = bucket.object("clocks/contract=c/month=0/c").unwrap();
        bucket.store.put(&old, b"old".to_vec().into()).await.unwrap();
        bucket.put(here.path(), &["clocks/contract=c".to_owned()]).await.unwrap();
        assert_eq!(content(&bucket, "clocks/contract=c/month=0/c").await, None);
    }

    #[test]
    fn a_path_is_no_bucket_and_a_store_that_is_unknown_is_named() {
        assert!(Bucket::of("warehouse/s3").unwrap().is_none());
        let refused = Bucket::of("ftp://host/path").map(drop).unwrap_err().to_string();
        assert_eq!(refused, "ftp:// is no object store: one of s3://, gs:// and az://");
    }
}
