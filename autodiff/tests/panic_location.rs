//! Shape errors point at the line that called the operation.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use autodiff::{Device, Tape, Var};
use kernels::RowMoments;

#[test]
fn shape_errors_point_at_the_caller() {
    let device = Device::<f64>::reference();
    let tape = Tape::new(&device);
    let x = tape.leaf(device.zeros([2, 3]));
    let v = tape.leaf(device.zeros([4]));
    let targets = device.indices(&[0]);
    let statistics = device.zeros([1, 4]);
    let calls: [(&str, &dyn Fn()); 21] = [
        ("add", &|| _ = x.add(v)),
        ("+", &|| _ = x + v),
        ("matmul", &|| _ = x.matmul(x)),
        ("sum_axis", &|| _ = x.sum_axis(2)),
        ("mean_axis", &|| _ = x.mean_axis(2)),
        ("max_axis", &|| _ = x.max_axis(2)),
        ("reshape", &|| _ = x.reshape([5])),
        ("broadcast_to", &|| _ = x.broadcast_to([4, 3])),
        ("transpose", &|| _ = v.transpose()),
        ("slice", &|| _ = x.slice(1, 2..4)),
        ("split", &|| _ = x.split(1, 2)),
        ("concat", &|| _ = Var::concat(&[x, v], 0)),
        ("stack", &|| _ = Var::stack(&[x, v])),
        ("batch_norm", &|| _ = x.batch_norm(v, None, 0.1)),
        ("batch_norm_fixed", &|| {
            _ = x.batch_norm_fixed(v, None, &statistics, &statistics, 0.1)
        }),
        ("layer_norm", &|| _ = x.layer_norm(v, None, 0.1)),
        ("row_norm", &|| {
            let moments = RowMoments {
                groups: 2,
                centered: false,
            };
            _ = x.row_norm(v, None, 0.1, moments)
        }),
        ("batch_renorm", &|| {
            _ = x.batch_renorm(v, None, 0.1, &statistics, &statistics, (3.0, 5.0))
        }),
        ("lstm_gates", &|| _ = x.lstm_gates(x)),
        ("cross_entropy", &|| _ = x.cross_entropy(&targets)),
        ("backward", &|| _ = tape.backward(x)),
    ];
    let place = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&place);
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        *seen.lock().unwrap() = info.location().unwrap().file().to_string();
    }));
    let mut wrong = Vec::new();
    for (name, call) in calls {
        place.lock().unwrap().clear();
        let result = panic::catch_unwind(AssertUnwindSafe(call));
        let file = place.lock().unwrap().clone();
        if result.is_ok() || !file.ends_with("panic_location.rs") {
            wrong.push((name, file));
        }
    }
    panic::set_hook(usual);
    assert!(wrong.is_empty(), "no panic, or one elsewhere: {wrong:?}");
}
