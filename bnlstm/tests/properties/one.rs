//! Training batches of one example.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bnlstm::list::combinations;
use nn::context::Mode;

use crate::support::{D, H, How, T_MAX, Trial, assert_finite, devices, model, random};

/// Over the batch it has no variance, which is refused with the layer and the step; all others train.
#[test]
fn a_training_batch_of_one_is_refused_where_it_has_no_variance() {
    for device in devices() {
        let x = random(&device, [T_MAX, 1, D], 1);
        let r = random(&device, [T_MAX, 1, H], 2);
        for combination in combinations() {
            let (cell, text) = (combination.cell, combination.text());
            let model = model(cell, &text, H);
            let mut trial = Trial::of(&device, &model);
            // A row that is padded at the last step is still a batch of one at the others.
            for lengths in [None, Some(&[T_MAX - 1][..])] {
                let pass = || trial.run(Mode::Train, How::Fast, &x, lengths, &r);
                match catch_unwind(AssertUnwindSafe(pass)) {
                    Ok(outcome) => {
                        assert!(!model.normalization.has_statistics(), "{cell} {text} is trained");
                        assert_finite(&text, &outcome.h);
                        for (path, gradient) in outcome.gradients {
                            assert_finite(&format!("{cell} {text}: {path}"), &gradient);
                        }
                    }
                    Err(panic) => {
                        let message = panic.downcast::<String>().expect("a message with numbers in it");
                        assert!(model.normalization.has_statistics(), "{cell} {text}: {message}");
                        let site = combination.site;
                        let want = format!(
                            "batch normalization `{cell}/norm_{site}`, step 0: a training batch of one \
                             example has no variance"
                        );
                        assert!(message.starts_with(&want), "{message}");
                    }
                }
            }
        }
    }
}
