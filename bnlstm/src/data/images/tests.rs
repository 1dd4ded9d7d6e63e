use std::fs;

use nn::data::Idx;
use tempfile::TempDir;

use super::*;

/// Writes four files with this many training and test images, rows and columns.
fn write(folder: &Path, train: usize, test: usize, [rows, columns]: [usize; 2]) {
    fs::create_dir_all(folder).unwrap();
    for (name, count) in [("train", train), ("t10k", test)] {
        let images = Idx {
            dims: vec![count, rows, columns],
            data: (0..count * rows * columns).map(|pixel| pixel as u8).collect(),
        };
        let labels = Idx {
            dims: vec![count],
            data: (0..count).map(|example| (example % 10) as u8).collect(),
        };
        let path = |rest: &str| folder.join(format!("{name}-{rest}-ubyte"));
        fs::write(path("images-idx3"), images.to_bytes()).unwrap();
        fs::write(path("labels-idx1"), labels.to_bytes()).unwrap();
    }
}

fn directory() -> (TempDir, DataDirectory) {
    let folder = tempfile::tempdir().unwrap();
    let directory = DataDirectory::open(folder.path()).unwrap();
    (folder, directory)
}

fn file(path: &str, dataset: Option<&'static str>, part: &'static str) -> File {
    let verdict = match dataset {
        Some(dataset) => Verdict::Original { dataset, part },
        None => Verdict::Unknown {
            sha256: String::new(),
        },
    };
    File {
        path: path.into(),
        content: Vec::new(),
        verdict,
    }
}

#[test]
fn the_last_sixth_validates_and_small_files_are_split_alike() {
    for (count, train) in [(12, 10), (7, 5), (2, 1)] {
        let (folder, directory) = directory();
        write(&folder.path().join("MNIST/raw"), count, 3, [2, 3]);
        let set = ImageSet::find(&directory, Images::Mnist).unwrap();
        assert_eq!(
            [set.train.len(), set.valid.len(), set.test.len()],
            [train, count - train, 3]
        );
        // Pixels count on from image to image, 6 in each.
        assert_eq!(set.valid.image(0)[0], 6 * train as u8);
        assert_eq!([set.train.rows(), set.train.columns()], [2, 3]);
        assert_eq!(set.name, "MNIST by the name of its folder");
        assert_eq!(set.provenance.len(), 4);
        assert!(
            set.provenance[2].contains("t10k-images-idx3-ubyte: no known original, SHA-256 "),
            "{:?}",
            set.provenance
        );
    }
}

#[test]
fn folders_tell_unknown_images_apart_and_others_are_what_was_asked_for() {
    let (folder, directory) = directory();
    write(&folder.path().join("fashion-mnist"), 6, 1, [1, 1]);
    let set = ImageSet::find(&directory, Images::FashionMnist).unwrap();
    assert_eq!(set.name, "Fashion-MNIST by the name of its folder");
    let error = ImageSet::find(&directory, Images::Mnist).unwrap_err();
    assert!(matches!(error, DataError::Missing { .. }), "{error}");
    write(folder.path(), 6, 1, [1, 1]);
    let set = ImageSet::find(&directory, Images::Mnist).unwrap();
    assert_eq!(set.name, UNKNOWN);
}

#[test]
fn checksums_are_believed_when_all_four_agree() {
    let four = |datasets: [Option<&'static str>; 4]| {
        [0, 1, 2, 3].map(|place| file("some/file", datasets[place], PARTS[place]))
    };
    let fashion = Some("Fashion-MNIST");
    let known = |datasets| identity(&four(datasets)).unwrap();
    assert_eq!(known([fashion; 4]), Some(Images::FashionMnist));
    assert_eq!(known([Some("MNIST"); 4]), Some(Images::Mnist));
    assert_eq!(known([fashion, fashion, None, None]), None);
    assert_eq!(known([None; 4]), None);
    assert_eq!(known([Some("text8"); 4]), None);
    let mut exchanged = four([fashion; 4]);
    exchanged.swap(0, 2);
    assert_eq!(identity(&exchanged).unwrap(), None);
    let note = belongs_to(&four([fashion; 4]), Images::FashionMnist);
    assert_eq!(note, "some holds Fashion-MNIST, by its checksums");
}

#[test]
fn files_of_two_datasets_are_refused() {
    let files = [
        file("a", Some("MNIST"), PARTS[0]),
        file("b", None, PARTS[1]),
        file("c", Some("Fashion-MNIST"), PARTS[2]),
        file("d", Some("MNIST"), PARTS[3]),
    ];
    let text = identity(&files).unwrap_err().to_string();
    assert!(
        text.starts_with("c: by its checksum this belongs to Fashion-MNIST"),
        "{text}"
    );
}

#[test]
fn sizes_have_to_agree_and_one_image_is_too_few() {
    let (folder, directory) = directory();
    write(folder.path(), 6, 1, [2, 3]);
    let other = Idx {
        dims: vec![1, 3, 2],
        data: vec![0; 6],
    };
    fs::write(folder.path().join("t10k-images-idx3-ubyte"), other.to_bytes()).unwrap();
    let text = ImageSet::find(&directory, Images::Mnist).unwrap_err().to_string();
    assert!(text.contains("images of 2×3 pixels, but"), "{text}");
    assert!(
        text.contains("t10k-images-idx3-ubyte holds images of 3×2"),
        "{text}"
    );
    write(folder.path(), 1, 1, [2, 3]);
    let text = ImageSet::find(&directory, Images::Mnist).unwrap_err().to_string();
    assert!(text.contains("1 images; the first five sixths"), "{text}");
}

#[test]
fn damaged_files_are_named() {
    let (folder, directory) = directory();
    write(folder.path(), 6, 1, [2, 3]);
    let path = folder.path().join("train-labels-idx1-ubyte");
    fs::write(&path, b"<html>").unwrap();
    let text = ImageSet::find(&directory, Images::Mnist).unwrap_err().to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
}
