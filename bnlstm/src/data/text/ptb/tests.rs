use std::fs;

use proptest::prelude::*;

use super::*;

/// Sentences in the manner of the originals, with their signs.
const WORDS: &str = " the <unk> rose N N to $ N million \n that 's all it did n't say \n a.b. & c* \\/ #4 \n";
const CHARACTERS: &str = "t h e _ < u n k > _ r o s e _ N _ N _ t o _ $ _ N _ m i l l i o n \
    \n t h a t _ ' s _ a l l _ i t _ d i d _ n ' t _ s a y \n a . b . _ & _ c * _ \\ / _ # 4 \n ";
const TEXT: &str = "the <unk> rose N N to $ N million\nthat 's all it did n't say\na.b. & c* \\/ #4\n";

fn words(bytes: &[u8]) -> Result<String, DataError> {
    parse_words(Path::new("some/file"), bytes)
}

fn characters(bytes: &[u8]) -> Result<String, DataError> {
    parse_characters(Path::new("some/file"), bytes)
}

#[test]
fn both_forms_give_the_same_text_and_each_other() {
    assert_eq!(words(WORDS.as_bytes()).unwrap(), TEXT);
    assert_eq!(characters(CHARACTERS.as_bytes()).unwrap(), TEXT);
    assert_eq!(word_form(TEXT), WORDS);
    assert_eq!(character_form(TEXT), CHARACTERS);
    assert_eq!(words(b"").unwrap(), "");
    assert_eq!(characters(b"").unwrap(), "");
}

fn place(result: Result<String, DataError>) -> (usize, usize, PtbFault) {
    match result.unwrap_err() {
        DataError::Ptb {
            line, column, fault, ..
        } => (line, column, fault),
        other => panic!("{other}"),
    }
}

#[test]
fn word_files_that_break_the_rule_are_refused_with_the_place() {
    use PtbFault::*;
    for (bytes, expected) in [
        (" a \nb c \n", (2, 1, NoSpaceBefore)),
        (" a \n b c\n", (2, 5, NoSpaceAfter)),
        (" a \n\n", (2, 1, NoWords)),
        (" a \n \n", (2, 1, NoWords)),
        (" a \n  \n", (2, 1, NoWords)),
        (" a  b \n", (1, 4, SpacesInRow)),
        ("  a \n", (1, 2, SpacesInRow)),
        (" a  \n", (1, 4, SpacesInRow)),
        (" a \n b ", (2, 4, Unended)),
        (" a \r\n", (1, 4, CarriageReturn)),
        (" a\rb \n", (1, 3, CarriageReturn)),
        (" a\tb \n", (1, 3, WhiteSpace)),
        (" é a_b \n", (1, 6, Underscore)),
    ] {
        assert_eq!(place(words(bytes.as_bytes())), expected, "{bytes:?}");
    }
}

#[test]
fn character_files_that_break_the_rule_are_refused_with_the_place() {
    use PtbFault::*;
    for (bytes, expected) in [
        ("a b\n ", (1, 4, NoSpaceBetween)),
        ("a \nb \n ", (2, 1, NoSpaceBetween)),
        ("a \n b \n", (3, 1, NoSpaceBetween)),
        ("a   b \n ", (1, 3, SpaceForCharacter)),
        ("a \n _ b \n ", (2, 2, SpacesInRow)),
        ("a _ _ b \n ", (1, 5, SpacesInRow)),
        ("a _ \n ", (1, 5, SpacesInRow)),
        ("a \n \n ", (2, 2, NoWords)),
        ("a \n b ", (2, 4, Unended)),
        ("a \r \n ", (1, 3, CarriageReturn)),
        ("a \t \n ", (1, 3, WhiteSpace)),
    ] {
        assert_eq!(place(characters(bytes.as_bytes())), expected, "{bytes:?}");
    }
}

#[test]
fn errors_name_file_line_and_remedy() {
    let text = words(b" a \nb \n").unwrap_err().to_string();
    assert_eq!(
        text,
        "some/file: line 2, byte 1 of it: a line begins with one space; put one there"
    );
    let text = characters(b"a \xff ").unwrap_err().to_string();
    assert!(text.starts_with("some/file: not UTF-8 at byte 2"), "{text}");
}

fn write(folder: &Path, name: &str, form: fn(&str) -> String) {
    for (part, text) in [("train", TEXT), ("valid", "n't a <\n"), ("test", "zebra\n")] {
        fs::write(folder.join(format!("ptb.{name}{part}.txt")), form(text)).unwrap();
    }
}

#[test]
fn word_files_are_preferred_and_character_files_give_the_same_corpus() {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path()).unwrap();
    write(folder.path(), "char.", character_form);
    let from_characters = Corpus::ptb(&directory).unwrap();
    assert_eq!(from_characters.provenance[0], "read from the character files");
    write(folder.path(), "", word_form);
    let from_words = Corpus::ptb(&directory).unwrap();
    assert_eq!(from_words.provenance[0], "read from the word files");
    assert!(from_words.provenance[3].contains("ptb.test.txt: no known original"));
    let provenance = from_characters.provenance.clone();
    assert_eq!(
        Corpus {
            provenance,
            ..from_words.clone()
        },
        from_characters
    );
    assert_eq!(from_words.alphabet.decode(&from_words.train), TEXT);
    // `z` is in the test alone.
    assert_eq!(from_words.alphabet.decode(&from_words.test), "zebra\n");
}

#[test]
fn an_empty_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "", word_form);
    fs::write(folder.path().join("ptb.valid.txt"), "").unwrap();
    let text = Corpus::ptb(&DataDirectory::open(folder.path()).unwrap())
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("no characters are left for the validation part"),
        "{text}"
    );
}

/// The published sizes, with the files of whoever has them.
#[test]
fn the_original_has_the_published_sizes() {
    let Some(root) = std::env::var_os("BNLSTM_DATA") else {
        eprintln!("nothing tested: BNLSTM_DATA does not name a directory with the Penn Treebank");
        return;
    };
    let corpus = match Corpus::ptb(&DataDirectory::open(root).unwrap()) {
        Err(DataError::Missing { .. }) => {
            eprintln!("nothing tested: the directory of BNLSTM_DATA does not hold the Penn Treebank");
            return;
        }
        corpus => corpus.unwrap(),
    };
    if corpus
        .provenance
        .iter()
        .any(|line| line.contains("no known original"))
    {
        eprintln!("nothing tested: the Penn Treebank of BNLSTM_DATA is not the original");
        return;
    }
    let sizes = [&corpus.train, &corpus.valid, &corpus.test].map(Vec::len);
    assert_eq!(sizes, [5_017_482, 393_042, 442_423]);
    assert_eq!(corpus.alphabet.len(), 50);
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn forms_are_read_back(sentences in prop::collection::vec("[!-^a-~é]{1,4}( [!-^a-~é]{1,4}){0,4}\n", 0..6)) {
        let text = sentences.concat();
        prop_assert_eq!(words(word_form(&text).as_bytes()).unwrap(), text.clone());
        prop_assert_eq!(characters(character_form(&text).as_bytes()).unwrap(), text);
    }

    // Few characters, so that many of the texts are nearly right.
    #[test]
    fn what_is_read_is_written_back_byte_by_byte(bytes in "[ a_\n]{0,12}") {
        if let Ok(text) = words(bytes.as_bytes()) {
            prop_assert_eq!(word_form(&text), bytes.clone());
        }
        if let Ok(text) = characters(bytes.as_bytes()) {
            prop_assert_eq!(character_form(&text), bytes);
        }
    }
}
