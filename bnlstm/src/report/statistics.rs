//! Population statistics over time steps, from the newest checkpoint of a run.

use autodiff::Device;
use nn::files;
use nn::params::{ParamStore, Role};
use nn::tensors::{Conversion, NamedTensor, TensorFile, TensorsError};

use crate::config::RunConfig;
use crate::population::{Courses, courses};
use crate::run_directory::RunDirectory;

/// Units whose curves are shown, as many as in figure 5 of the paper.
const UNITS: usize = 10;
/// What the names of tensors begin with that no optimizer moves.
const STATISTIC: &str = "statistic/";
/// What their paths end with where population statistics were counted.
const COUNT: &str = "/population_count";

/// The curves of a normalization.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteCourses {
    /// Its path, such as `lstm/norm_h`.
    pub path: String,
    /// Mean and variance of some of its units at each time step.
    pub courses: Courses,
}

/// The curves of each normalization that has any in the newest checkpoint, or why there are none. The
/// units are drawn with the seed of the run.
pub fn read(directory: &RunDirectory, config: &RunConfig) -> Result<Vec<SiteCourses>, String> {
    let path = directory.checkpoint();
    if !path.exists() {
        return Err("there is no checkpoint".to_owned());
    }
    let bytes = files::read(&path).map_err(|error| error.to_string())?;
    let store =
        stored(&bytes).map_err(|error| format!("the checkpoint {} is damaged: {error}", path.display()))?;
    let paths = store
        .iter()
        .filter_map(|(_, param)| param.path.strip_suffix(COUNT));
    let found: Vec<SiteCourses> = paths
        .filter_map(|path| {
            let courses = courses(&store, path, UNITS, config.training.seed).ok()?;
            let path = path.to_owned();
            Some(SiteCourses { path, courses })
        })
        .collect();
    match found.is_empty() {
        true if config.model.has_statistics() => Err("none has been estimated yet".to_owned()),
        true => Err("the model has no normalization over the batch".to_owned()),
        false => Ok(found),
    }
}

/// The statistics of a checkpoint.
fn stored(bytes: &[u8]) -> Result<ParamStore<f64>, TensorsError> {
    let file = TensorFile::parse(bytes)?;
    let device = Device::reference();
    let mut store = ParamStore::new(&device);
    for (name, _) in file.shapes().filter(|(name, _)| name.starts_with(STATISTIC)) {
        let Some(NamedTensor { shape, data, .. }) = file.get(name, Conversion::Allow)? else {
            continue;
        };
        let tensor = match shape[..] {
            [rows, features] => device.tensor([rows, features], &data),
            _ => device.tensor([data.len()], &data),
        };
        store.add(&name[STATISTIC.len()..], Role::Statistic, tensor);
    }
    Ok(store)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::presets::Preset;
    use crate::settings::Settings;
    use crate::trainer::Trainer;

    fn config(normalization: &str) -> RunConfig {
        let mut settings =
            Settings::of_preset(Preset::find("adding-quick").expect("it comes with the program"));
        settings.set("task.steps", 10);
        settings.set("task.examples", 50);
        settings.set("model.normalization", normalization);
        settings.config().expect("it is whole")
    }

    /// What a run directory with a checkpoint of a model before its first update has.
    fn saved(normalization: &str, estimated: bool) -> Result<Vec<SiteCourses>, String> {
        let config = config(normalization);
        let task = config.task.load().expect("it is generated");
        let parent = tempfile::tempdir().expect("a directory");
        let directory = RunDirectory::create(parent.path().join("run"), false).expect("it is new");
        let mut trainer = Trainer::new(&config, task.as_ref(), &Device::<f32>::reference());
        if estimated {
            trainer.estimate();
        }
        trainer.save(&directory.checkpoint()).expect("there is room");
        let found = read(&directory, &config);
        for site in found.iter().flatten() {
            let expected = courses(trainer.store(), &site.path, UNITS, config.training.seed);
            assert_eq!(Ok(&site.courses), expected.as_ref());
        }
        found
    }

    #[test]
    fn curves_are_those_of_the_model_that_was_saved() {
        let found = saved("batch", true).expect("there are statistics");
        let paths: Vec<&str> = found.iter().map(|site| site.path.as_str()).collect();
        assert_eq!(paths, ["lstm/norm_c", "lstm/norm_h", "lstm/norm_x"]);
        assert!(
            found
                .iter()
                .all(|site| site.courses.units.len() == UNITS && site.courses.steps() == 10)
        );
    }

    #[test]
    fn what_has_none_says_why() {
        assert_eq!(
            saved("batch", false),
            Err("none has been estimated yet".to_owned())
        );
        let none = Err("the model has no normalization over the batch".to_owned());
        assert_eq!(saved("layer", true), none);
        let parent = tempfile::tempdir().expect("a directory");
        let directory = RunDirectory::create(parent.path(), false).expect("it is empty");
        let config = config("batch");
        assert_eq!(
            read(&directory, &config),
            Err("there is no checkpoint".to_owned())
        );
        fs::write(directory.checkpoint(), b"no tensors").expect("there is room");
        let damaged = read(&directory, &config).expect_err("it is damaged");
        assert!(
            damaged.contains("checkpoint.safetensors is damaged: "),
            "{damaged}"
        );
    }
}
