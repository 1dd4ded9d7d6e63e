//! Which cell has which setting.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autodiff::Device;

use crate::support::{CELLS, Kind, Model, NONE, setting};

#[test]
fn a_setting_that_a_cell_has_not_is_refused_and_those_it_has_are_listed() {
    for kind in CELLS {
        let known: Vec<&str> = kind.choices(0.1).iter().map(|(name, _)| *name).collect();
        let known = &known[..known.len() - 1];
        let cell = format!("{kind:?}").to_lowercase();
        for (name, _) in NONE.settings() {
            let mut one = NONE;
            *setting(&mut one, name) = 0.25;
            let device = Device::<f64>::reference();
            let made = catch_unwind(AssertUnwindSafe(|| Model::new(&device, kind, one)));
            let Err(refused) = made else {
                assert!(known.contains(&name), "{cell} with {name}");
                continue;
            };
            let message = refused.downcast_ref::<String>().expect("a text");
            let known = known.join(", ");
            let expected =
                format!("{cell}: {name} = 0.25, a setting that it has not; its settings are {known}");
            assert_eq!(*message, expected);
        }
    }
}

#[test]
fn the_settings_of_each_cell() {
    let count = |kind: Kind| kind.choices(0.1).len() - 1;
    assert_eq!(CELLS.map(count), [4, 6, 5]);
}

#[test]
#[should_panic(expected = "gru: variational_h = 1 is no probability below 1; 0 to below 1 would fit")]
fn a_probability_of_1_is_refused() {
    let mut one = NONE;
    one.variational_h = 1.0;
    Model::new(&Device::<f64>::reference(), Kind::Gru, one);
}
