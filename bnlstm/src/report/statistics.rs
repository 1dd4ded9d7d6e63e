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
