//! How population statistics go over time (Cooijmans et al. 2016, section 3.2 and appendix A, figure 5):
//! mean and variance of some units at a site for each time step, and when they become stationary.

use kernels::Real;
use nn::params::ParamStore;
use rand::seq::index::sample;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const MEAN: &str = "population_mean";
const VARIANCE: &str = "population_var";
const COUNT: &str = "population_count";

/// Population statistics of some units over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Courses {
    /// Which of the columns of the site they are: of a term that goes into the gates, the blocks of all
    /// gates stand side by side.
    pub units: Vec<usize>,
    /// `[U][T]`: the mean of each unit at each time step.
    pub mean: Vec<Vec<f64>>,
    /// `[U][T]`: the variance of each unit at each time step.
    pub variance: Vec<Vec<f64>>,
}

/// There are no such curves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoursesError {
    /// The path names no normalization that has population statistics.
    #[error(
        "`{path}` has no population statistics; {}",
        match present.is_empty() {
            true => "the model has no normalization over the batch, give one that has".to_owned(),
            false => format!("those that have are {}", present.join(", ")),
        }
    )]
    Absent {
        /// The path.
        path: String,
        /// The paths that there are.
        present: Vec<String>,
    },
    /// No step has been estimated.
    #[error(
        "the population statistics of `{path}` were never estimated; estimate them with a pass over the \
         training examples"
    )]
    NotEstimated {
        /// The path.
        path: String,
    },
}

/// The curves of `units` columns (or as many as there are) of the normalization at `path`, such as
/// `lstm/norm_h` or `lstm/norm_c`, chosen at random with `seed`; for the steps that were estimated, `T` of
/// them. Where all steps share their statistics there is one step.
///
/// ```
/// use autodiff::Device;
/// use bnlstm::population::courses;
/// use bnlstm::presets::Preset;
/// use bnlstm::settings::Settings;
/// use bnlstm::task::Adding;
/// use bnlstm::trainer::Trainer;
///
/// let preset = Preset::find("adding-quick").expect("it comes with the program");
/// let config = Settings::of_preset(preset).config()?;
/// let task = Adding::new(10, 100, 1);
/// let mut trainer = Trainer::new(&config, &task, &Device::<f32>::reference());
/// trainer.estimate();
/// let cell = courses(trainer.store(), "lstm/norm_c", 30, 1)?;
/// assert_eq!((cell.mean.len(), cell.mean[0].len()), (30, 10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If there is nothing of that path, or no step was estimated.
pub fn courses<T: Real>(
    store: &ParamStore<T>,
    path: &str,
    units: usize,
    seed: u64,
) -> Result<Courses, CoursesError> {
    let find = |name: &str| store.find(&format!("{path}/{name}")).map(|id| store.get(id));
    let tables = (find(MEAN), find(VARIANCE), find(COUNT));
    let (Some(mean), Some(variance), Some(count)) = tables else {
        return Err(CoursesError::Absent {
            path: path.to_owned(),
            present: present(store),
        });
    };
    let counts = count.to_vec();
    let last = counts.iter().rposition(|count| !count.is_zero());
    let last = last.ok_or_else(|| CoursesError::NotEstimated {
        path: path.to_owned(),
    })?;
    let features = mean.shape().last();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut units = sample(&mut rng, features, units.min(features)).into_vec();
    units.sort_unstable();
    let [mean, variance] = [mean, variance].map(|table| {
        let values = table.rows(0..last + 1).to_vec();
        let column = |&unit: &usize| {
            let rows = values.chunks_exact(features);
            rows.map(|row| row[unit].as_f64()).collect()
        };
        units.iter().map(column).collect()
    });
    Ok(Courses {
        units,
        mean,
        variance,
    })
}

/// The paths that have population statistics.
fn present<T: Real>(store: &ParamStore<T>) -> Vec<String> {
    let paths = store.iter().filter_map(|(_, param)| {
        let path = param.path.strip_suffix(COUNT)?;
        Some(path.trim_end_matches('/').to_owned())
    });
    paths.collect()
}

/// How far statistics are from where they end, at each time step: the median over units.
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    /// `[T]`: `|mean_t − mean_∞| / √variance_∞`.
    pub mean: Vec<f64>,
    /// `[T]`: `|ln(variance_t / variance_∞)|`, which is nearly the relative difference where it is small.
    pub variance: Vec<f64>,
}

impl Courses {
    /// Number of steps, `T`.
    pub fn steps(&self) -> usize {
        self.mean.first().map_or(0, Vec::len)
    }

    /// How far the statistics of each step are from their stationary values, which are taken to be the
    /// averages `mean_∞` and `variance_∞` over the second half of the steps.
    ///
    /// A mean is measured in standard deviations of the unit, which is what matters to a normalization: a
    /// distance of 0.1 shifts what it puts out by `0.1 γ`. Statistics that do not become stationary are far
    /// from these averages in the second half too, at its ends. Estimates from `n` examples are off by
    /// about `√(1/n)` and `√(2/n)`, however stationary the unit is. A unit that varies no longer is at
    /// distance 0 where it is as in the end, and elsewhere at infinity.
    pub fn distances(&self) -> Distances {
        let steps = self.steps();
        let ends: Vec<(f64, f64)> = self
            .mean
            .iter()
            .zip(&self.variance)
            .map(|(mean, variance)| (average(&mean[steps / 2..]), average(&variance[steps / 2..])))
            .collect();
        let over_units = |distance: &dyn Fn(usize) -> f64| median((0..ends.len()).map(distance).collect());
        let mean_at = |t: usize| {
            over_units(&|u| match (self.mean[u][t] - ends[u].0).abs() {
                0.0 => 0.0,
                difference => difference / ends[u].1.sqrt(),
            })
        };
        let variance_at = |t: usize| {
            over_units(&|u| match (self.variance[u][t], ends[u].1) {
                (now, end) if now == end => 0.0,
                (now, end) => (now / end).ln().abs(),
            })
        };
        Distances {
            mean: (0..steps).map(mean_at).collect(),
            variance: (0..steps).map(variance_at).collect(),
        }
    }
}

impl Distances {
    /// The first step from which on both distances are at most `tolerance` at every step; none if they
    /// never stay so, or only in the last quarter, where the average that they are measured by would
    /// make any curve cross it.
    ///
    /// The paper says that statistics become stationary within tens of steps: with a tolerance of 0.1,
    /// a tenth of a standard deviation and of a variance, that is seen or not.
    pub fn settled(&self, tolerance: f64) -> Option<usize> {
        let far = |t: &usize| !(self.mean[*t] <= tolerance && self.variance[*t] <= tolerance);
        let steps = self.mean.len();
        let first = (0..steps).rev().find(far).map_or(0, |t| t + 1);
        (4 * first < 3 * steps).then_some(first)
    }
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The middle one, of an even number the mean of both.
///
/// # Panics
/// If there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    let (middle, odd) = (values.len() / 2, values.len() % 2 == 1);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if !odd => (lower + upper) / 2.0,
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use autodiff::Device;
    use nn::params::Role;

    use super::*;

    const STEPS: usize = 100;

    /// Five units whose mean and variance at step `t` are as `course(u, t)` says.
    fn made(course: impl Fn(f64, f64) -> (f64, f64)) -> Courses {
        let of_unit =
            |u: usize| -> (Vec<f64>, Vec<f64>) { (0..STEPS).map(|t| course(u as f64, t as f64)).unzip() };
        let (mean, variance) = (0..5).map(of_unit).unzip();
        Courses {
            units: (0..5).collect(),
            mean,
            variance,
        }
    }

    #[test]
    fn constant_statistics_are_settled_from_the_start() {
        let found = made(|u, _| (u - 2.0, u)).distances();
        assert_eq!(found.mean, [0.0; STEPS]);
        assert_eq!(found.variance, [0.0; STEPS]);
        assert_eq!(found.settled(0.0), Some(0));
    }

    /// `e^{−t/10}` standard deviations, or a variance that is off by as much: 0.1003 at step 23, and what
    /// is left of it in the second half moves its average by 0.0014.
    #[test]
    fn converging_statistics_settle_when_they_are_near() {
        let converging = |of_mean: f64, of_variance: f64| {
            made(move |u, t| {
                let left = (-t / 10.0).exp();
                let (end, scale) = (u, 1.0 + u);
                let variance = scale * scale * (of_variance * left).exp();
                (end + of_mean * left * scale, variance)
            })
        };
        for (of_mean, of_variance) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, -0.5)] {
            let found = converging(of_mean, of_variance).distances();
            assert_eq!(found.settled(0.1), Some(23), "{of_mean} {of_variance}");
            let start = found.mean[0].max(found.variance[0]);
            assert!((start - 1.0).abs() < 0.002, "{start}");
        }
    }

    #[test]
    fn drifting_statistics_never_settle() {
        // Over the second half, 0.5 standard deviations to each side of its average 1.49: within 0.1 of
        // it only in passing.
        let of_mean = made(|_, t| (0.02 * t, 1.0)).distances();
        assert!((of_mean.mean[0] - 1.49).abs() < 1e-12);
        assert!(of_mean.mean[75] < 0.1);
        let of_variance = made(|_, t| (0.0, (0.02 * t).exp())).distances();
        let waves = made(|_, t| ((t / 5.0).sin(), 1.0)).distances();
        for found in [of_mean, of_variance, waves] {
            assert_eq!(found.settled(0.1), None);
        }
    }

    /// A drift so slow that it is within the tolerance to both sides counts as none.
    #[test]
    fn what_settles_depends_on_the_tolerance() {
        let slow = made(|_, t| (0.003 * t, 1.0)).distances();
        // The average over steps 50 to 99 is that of step 74.5, which step 42 is 0.0975 below.
        assert_eq!(slow.settled(0.1), Some(42));
        assert_eq!(slow.settled(0.05), None);
    }

    #[test]
    fn it_is_the_median_unit_that_counts() {
        let few = made(|u, t| (if u < 2.0 { t } else { 0.0 }, 1.0)).distances();
        let most = made(|u, t| (if u < 3.0 { t } else { 0.0 }, 1.0)).distances();
        assert_eq!((few.settled(0.1), most.settled(0.1)), (Some(0), None));
    }

    /// A state that is the same for all examples has no variance at the first step, and a dead unit none
    /// at any.
    #[test]
    fn units_without_variance_are_near_only_where_they_are_the_same() {
        let learned = made(|_, t| (0.0, if t == 0.0 { 0.0 } else { 1.0 })).distances();
        assert_eq!(learned.variance[0], f64::INFINITY);
        assert_eq!(learned.settled(0.1), Some(1));
        let dead = made(|_, t| (if t == 0.0 { 1.0 } else { 0.0 }, 0.0)).distances();
        assert_eq!((dead.mean[0], dead.mean[1]), (f64::INFINITY, 0.0));
        assert_eq!(dead.settled(0.1), Some(1));
    }

    const UNITS: usize = 7;

    /// Statistics of `[3, 7]` at `lstm/norm_c`, of which the first `known` steps were estimated.
    fn store(known: usize) -> ParamStore<f64> {
        let device = Device::reference();
        let mut store = ParamStore::new(&device);
        let numbers = |from: usize| (from..from + 3 * UNITS).map(|x| x as f64).collect::<Vec<f64>>();
        let counts: Vec<f64> = (0..3).map(|t| if t < known { 5.0 } else { 0.0 }).collect();
        let mut add = |name: &str, shape: &[usize], values: &[f64]| {
            let tensor = match shape {
                [rows, features] => device.tensor([*rows, *features], values),
                _ => device.tensor([values.len()], values),
            };
            store.add(format!("lstm/norm_c/{name}"), Role::Statistic, tensor);
        };
        add(MEAN, &[3, UNITS], &numbers(0));
        add(VARIANCE, &[3, UNITS], &numbers(100));
        add(COUNT, &[3], &counts);
        store
    }

    #[test]
    fn curves_are_columns_of_the_steps_that_were_estimated() {
        let found = courses(&store(2), "lstm/norm_c", 3, 1).unwrap();
        assert_eq!(found.steps(), 2);
        assert_eq!(found.units.len(), 3);
        for (i, &unit) in found.units.iter().enumerate() {
            let first = unit as f64;
            assert_eq!(found.mean[i], [first, first + 7.0]);
            assert_eq!(found.variance[i], [first + 100.0, first + 107.0]);
        }
        assert!(found.units.windows(2).all(|pair| pair[0] < pair[1]));
        let again = courses(&store(2), "lstm/norm_c", 3, 1).unwrap();
        assert_eq!(again, found);
        let mut seeds = (2..12).map(|seed| courses(&store(2), "lstm/norm_c", 3, seed).unwrap());
        assert!(seeds.any(|other| other.units != found.units));
        let all = courses(&store(3), "lstm/norm_c", 30, 1).unwrap();
        assert_eq!(all.units, (0..UNITS).collect::<Vec<_>>());
        assert_eq!(all.steps(), 3);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let error = courses(&store(3), "lstm/norm_h", 3, 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "`lstm/norm_h` has no population statistics; those that have are lstm/norm_c"
        );
        let error = courses(&store(0), "lstm/norm_c", 3, 1).unwrap_err();
        assert_eq!(
            error,
            CoursesError::NotEstimated {
                path: "lstm/norm_c".to_owned()
            }
        );
        let bare = ParamStore::<f64>::new(&Device::reference());
        let error = courses(&bare, "lstm/norm_c", 3, 1).unwrap_err().to_string();
        assert!(error.contains("no normalization over the batch"), "{error}");
    }
}
