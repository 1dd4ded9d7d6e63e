use tempfile::TempDir;

use super::*;
use crate::data::text::word_form;

fn directory(files: &[(&str, &str)]) -> (TempDir, DataDirectory) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let directory = DataDirectory::open(folder.path()).unwrap();
    (folder, directory)
}

fn entry<'a>(listing: &'a Listing, name: &str) -> &'a Entry {
    listing.entries.iter().find(|entry| entry.name == name).unwrap()
}

#[test]
fn without_a_directory_there_is_what_is_built_in() {
    let listing = Listing::of(None).unwrap();
    let built_in = |entry: &&Entry| matches!(entry.state, State::BuiltIn { .. });
    assert_eq!(listing.entries.iter().filter(built_in).count(), 3);
    assert_eq!(listing.entries.len(), 3 + ALL.len());
    let text = listing.to_string();
    for part in [
        "King James text: 4 137 850 characters: original King James text\n",
        "MNIST: missing\n  named train-images-idx3-ubyte, ",
        "  named ptb.train.txt, ptb.valid.txt, ptb.test.txt\n  or named ptb.char.train.txt, ",
        "  from http://mattmahoney.net/dc/text8.zip\n",
        "--data DIR or the environment variable BNLSTM_DATA",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_is_there_is_told_with_path_and_verdict() {
    let words = word_form("a b\n");
    let (folder, directory) = directory(&[
        ("ptb/ptb.train.txt", &words),
        ("ptb/ptb.valid.txt", &words),
        ("ptb/ptb.test.txt", &words),
        ("cnn/questions/training/a.question", ""),
        ("cnn/questions/training/b.question", ""),
        ("cnn/questions/training/notes.txt", ""),
        ("cnn/questions/validation/c.question", ""),
        ("cnn/questions/test/d.txt", ""),
        ("text8.zip", ""),
    ]);
    let listing = Listing::of(Some(&directory)).unwrap();
    assert_eq!(listing.directory.as_deref(), Some(folder.path()));
    let text = listing.to_string();
    for part in [
        "Penn Treebank        charlm               yes, but not the original\n",
        "CNN questions        qa                   yes\n",
        "ptb.valid.txt: no known original, SHA-256 ",
        "questions/training: 2 questions\n",
        "questions/validation: 1 questions\n",
        "questions/test: 0 questions\n",
        "text8.zip is packed: unpack it\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = serde_json::to_value(&listing).unwrap();
    let states = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["state"]);
    assert_eq!(
        states.collect::<Vec<_>>(),
        [
            "built-in", "built-in", "built-in", "missing", "missing", "found", "missing", "found"
        ]
    );
}

#[test]
fn damaged_files_are_in_the_list() {
    // The beginning of a gzip stream.
    let (_folder, directory) = directory(&[("text8.gz", "")]);
    fs::write(directory.root().join("text8.gz"), [0x1f, 0x8b, 8]).unwrap();
    let listing = Listing::of(Some(&directory)).unwrap();
    let State::Unusable { reason } = &entry(&listing, "text8").state else {
        panic!("{listing}");
    };
    assert!(
        reason.contains("text8.gz: the gzip data are cut short"),
        "{reason}"
    );
    assert!(listing.to_string().contains(reason), "{listing}");
}

#[test]
fn originals_are_called_so() {
    let file = |original| FileEntry {
        path: "some/file".into(),
        original: Some(original),
        status: String::new(),
    };
    let mut listing = Listing::of(None).unwrap();
    for (originals, summary) in [
        ([true, true], "yes, the original\n"),
        ([true, false], "yes, but not the original\n"),
    ] {
        listing.entries[3].state = State::Found {
            content: "IDX files".to_owned(),
            files: originals.map(file).to_vec(),
        };
        assert!(listing.table().to_string().contains(summary), "{listing}");
    }
}
