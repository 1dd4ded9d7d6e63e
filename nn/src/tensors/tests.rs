use proptest::prelude::*;

use super::*;

fn tensor<T: Real>(name: &str, shape: &[usize], first: f64) -> NamedTensor<T> {
    let count = shape.iter().product::<usize>();
    NamedTensor {
        name: name.to_owned(),
        shape: shape.to_vec(),
        data: (0..count).map(|i| T::of(first + i as f64 / 7.0)).collect(),
    }
}

fn sample<T: Real>() -> Vec<NamedTensor<T>> {
    vec![
        tensor("lstm/w_h", &[3, 4], -1.0),
        tensor("gamma", &[2], 0.1),
        tensor("scale", &[], 5.0),
        tensor("none", &[0, 2], 0.0),
    ]
}

fn file_with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let length = header.len() as u64;
    [&length.to_le_bytes(), header.as_bytes(), data].concat()
}

fn round_trip<T: Real>() {
    let tensors = sample::<T>();
    let bytes = write_tensors(&tensors, "{\"a\": \"\u{e9}\"}").unwrap();
    let file = TensorFile::parse(&bytes).unwrap();
    assert_eq!(file.metadata(), Some("{\"a\": \"\u{e9}\"}"));
    let expected = tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice()));
    let read = file.read::<T>(expected, Conversion::Refuse).unwrap();
    let data: Vec<_> = tensors.iter().map(|t| t.data.clone()).collect();
    assert_eq!(read, data);
    let names: Vec<_> = file.shapes().map(|(name, _)| name).collect();
    assert_eq!(names, ["gamma", "lstm/w_h", "none", "scale"]);
}

#[test]
fn what_was_written_is_read() {
    round_trip::<f32>();
    round_trip::<f64>();
}

#[test]
fn the_library_reads_it_too() {
    let bytes = write_tensors(&sample::<f32>(), "x").unwrap();
    let theirs = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let gamma = theirs.tensor("gamma").unwrap();
    assert_eq!((gamma.dtype(), gamma.shape()), (Dtype::F32, &[2][..]));
    let values = [0.1_f32, (0.1 + 1.0 / 7.0) as f32];
    assert_eq!(gamma.data(), values.map(f32::to_le_bytes).concat());
}

#[test]
fn special_values_keep_their_bits() {
    let data = vec![
        f32::NAN,
        f32::INFINITY,
        -0.0,
        f32::MIN_POSITIVE / 4.0,
        f32::MAX,
        f32::EPSILON,
    ];
    let bits: Vec<u32> = data.iter().map(|x| x.to_bits()).collect();
    let tensor = NamedTensor {
        name: "x".to_owned(),
        shape: vec![data.len()],
        data,
    };
    let bytes = write_tensors(&[tensor], "").unwrap();
    let file = TensorFile::parse(&bytes).unwrap();
    let read = file.read_all::<f32>(Conversion::Refuse).unwrap();
    let read: Vec<u32> = read[0].data.iter().map(|x| x.to_bits()).collect();
    assert_eq!(read, bits);
}

#[test]
fn the_order_of_writing_does_not_matter() {
    let mut tensors = sample::<f64>();
    let bytes = write_tensors(&tensors, "{}").unwrap();
    tensors.reverse();
    assert_eq!(write_tensors(&tensors, "{}").unwrap(), bytes);
}

#[test]
fn element_types_are_converted_only_when_asked() {
    let bytes = write_tensors(&[tensor::<f64>("x", &[2], 0.1)], "").unwrap();
    let file = TensorFile::parse(&bytes).unwrap();
    let error = file.read_all::<f32>(Conversion::Refuse).unwrap_err();
    let expected = TensorsError::Dtype {
        name: "x".to_owned(),
        expected: "f32",
        found: "f64".to_owned(),
    };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("allow the conversion"));
    let read = file.read_all::<f32>(Conversion::Allow).unwrap();
    assert_eq!(read[0].data, [0.1_f32, (0.1 + 1.0 / 7.0) as f32]);

    let header = r#"{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}"#;
    let bytes = file_with_header(header, &[0; 2]);
    let file = TensorFile::parse(&bytes).unwrap();
    assert_eq!(file.metadata(), None);
    let error = file.read_all::<f32>(Conversion::Allow).unwrap_err();
    assert!(error.to_string().contains("type bf16, expected f32"), "{error}");
}

#[test]
fn one_tensor_is_read_among_others() {
    let header = r#"{"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},
        "x":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}}"#;
    let bytes = file_with_header(header, &[&[0; 8][..], &0.5_f32.to_le_bytes()].concat());
    let file = TensorFile::parse(&bytes).unwrap();
    let x = file.get::<f64>("x", Conversion::Allow).unwrap();
    let expected = NamedTensor {
        name: "x".to_owned(),
        shape: vec![1, 1],
        data: vec![0.5],
    };
    assert_eq!(x, Some(expected));
    assert_eq!(file.get::<f64>("y", Conversion::Allow), Ok(None));
    let error = file.get::<f64>("n", Conversion::Allow).unwrap_err();
    assert!(matches!(error, TensorsError::Dtype { .. }), "{error}");
}

#[test]
fn names_and_shapes_must_be_those_expected() {
    let bytes = write_tensors(&sample::<f64>()[..2], "").unwrap();
    let file = TensorFile::parse(&bytes).unwrap();
    let read = |expected: &[(&'static str, &'static [usize])]| {
        file.read::<f64>(expected.iter().copied(), Conversion::Refuse)
    };
    let error = read(&[("gamma", &[2]), ("beta", &[2])]).unwrap_err();
    let expected = TensorsError::Names {
        missing: vec!["beta".to_owned()],
        unexpected: vec!["lstm/w_h".to_owned()],
    };
    assert_eq!(error, expected);
    let text = error.to_string();
    assert!(
        text.contains("missing: `beta`; unexpected: `lstm/w_h`; "),
        "{text}"
    );

    let error = read(&[("gamma", &[2]), ("lstm/w_h", &[4, 3])]).unwrap_err();
    let expected = TensorsError::Shape {
        name: "lstm/w_h".to_owned(),
        expected: vec![4, 3],
        found: vec![3, 4],
    };
    assert_eq!(error, expected);
}

#[test]
fn every_cut_is_noticed() {
    let bytes = write_tensors(&sample::<f32>(), "{}").unwrap();
    for length in 0..bytes.len() {
        let error = TensorFile::parse(&bytes[..length]).unwrap_err();
        let TensorsError::Truncated { expected, actual } = error else {
            panic!("{length}: {error}");
        };
        assert_eq!(actual, length as u64);
        assert!(expected > actual && expected <= bytes.len() as u64);
    }
    let longer = [&bytes[..], &[0]].concat();
    let (expected, actual) = (bytes.len() as u64, longer.len() as u64);
    assert_eq!(
        TensorFile::parse(&longer).unwrap_err(),
        TensorsError::TrailingBytes { expected, actual }
    );
}

#[test]
fn other_formats_are_recognized() {
    for bytes in [
        &b"\x89PNG\r\n\x1a\n\0\0\0"[..],
        &[0; 16],
        b"[model]\nhidden_size = 3",
    ] {
        let error = TensorFile::parse(bytes).unwrap_err();
        assert!(matches!(error, TensorsError::NotSafetensors { .. }), "{error}");
    }
    let broken = file_with_header("{ \"x\": ", &[]);
    let error = TensorFile::parse(&broken).unwrap_err();
    assert!(matches!(error, TensorsError::Header { .. }), "{error}");
}

#[test]
fn lengths_that_overflow_are_refused() {
    // Eight tensors of 2^61 - 1 bytes end at 2^64 - 8.
    let each = (1_u64 << 61) - 1;
    let tensors: Vec<String> = (0..8)
        .map(|i| {
            let (begin, end) = (i * each, (i + 1) * each);
            format!(r#""t{i}":{{"dtype":"U8","shape":[{each}],"data_offsets":[{begin},{end}]}}"#)
        })
        .collect();
    let bytes = file_with_header(&format!("{{{}}}", tensors.join(",")), &[]);
    let expected = u64::MAX;
    let actual = bytes.len() as u64;
    assert_eq!(
        TensorFile::parse(&bytes).unwrap_err(),
        TensorsError::Truncated { expected, actual }
    );
    let header = r#"{"x":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#;
    let error = TensorFile::parse(&file_with_header(header, &[])).unwrap_err();
    assert!(error.to_string().contains("overflow"), "{error}");
}

#[test]
#[should_panic(expected = "two tensors are called `x`")]
fn names_are_unique() {
    let _ = write_tensors(&[tensor::<f32>("x", &[1], 0.0), tensor("x", &[2], 0.0)], "");
}

#[test]
#[should_panic(expected = "tensor `x` has shape [2, 2] and 3 elements")]
fn shapes_fit_the_data() {
    let mut tensor = tensor::<f32>("x", &[2, 2], 0.0);
    tensor.data.pop();
    let _ = write_tensors(&[tensor], "");
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(3),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_change_is_survived(at: prop::sample::Index, value: u8, cut: prop::sample::Index) {
        let mut bytes = write_tensors(&sample::<f64>(), "{}").unwrap();
        let at = at.index(bytes.len());
        bytes[at] = value;
        let cut = cut.index(bytes.len()) + 1;
        for bytes in [&bytes[..], &bytes[..cut]] {
            if let Ok(file) = TensorFile::parse(bytes) {
                let read = file.read_all::<f64>(Conversion::Allow);
                prop_assert!(read.is_err() || read.is_ok_and(|all| all.len() <= 4));
            }
        }
    }
}
