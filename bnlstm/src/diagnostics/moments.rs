//! Smallest variances, and how far a batch is from the population.

use autodiff::Tensor;
use kernels::Real;
use nn::params::ParamStore;
use nn::watch;

use super::SiteMoments;
use crate::population::median;

/// The moments that were told, by normalization.
#[derive(Debug)]
pub(super) struct Sites<T: Real>(Vec<Site<T>>);

#[derive(Debug)]
struct Site<T: Real> {
    path: String,
    /// By time step, or a single one.
    smallest: Vec<f32>,
    parts: Vec<Part<T>>,
}

/// Means and variances `[G, N]` of G steps.
#[derive(Debug)]
struct Part<T: Real> {
    first: usize,
    mean: Tensor<T>,
    var: Tensor<T>,
}

impl<T: Real> Default for Sites<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Real> Sites<T> {
    /// Takes in what the normalization at `path` divides by.
    pub(super) fn put(&mut self, path: &str, moments: &watch::Moments<'_, '_, T>) {
        let place = self.0.iter().position(|site| site.path == path);
        let place = place.unwrap_or_else(|| {
            self.0.push(Site {
                path: path.to_owned(),
                smallest: Vec::new(),
                parts: Vec::new(),
            });
            self.0.len() - 1
        });
        let (site, first) = (&mut self.0[place], moments.time.unwrap_or(0));
        for (step, smallest) in smallest(moments).into_iter().enumerate() {
            let steps = site.smallest.len().max(first + step + 1);
            site.smallest.resize(steps, f32::INFINITY);
            site.smallest[first + step] = site.smallest[first + step].min(smallest);
        }
        site.parts.push(Part {
            first,
            mean: moments.mean.clone(),
            var: moments.var.clone(),
        });
    }

    /// What was seen, beside the population statistics of `store`.
    pub(super) fn beside(&self, store: &ParamStore<T>) -> Vec<SiteMoments> {
        let all = self.0.iter().map(|site| {
            let population = Population::of(store, &site.path);
            let distances = population.map(|population| population.distances(&site.parts));
            let (mean_distance, variance_distance) = distances.unwrap_or((None, None));
            SiteMoments {
                path: site.path.clone(),
                smallest_variance: site.smallest.clone(),
                mean_distance,
                variance_distance,
            }
        });
        all.collect()
    }
}

/// The smallest variance of each step.
fn smallest<T: Real>(moments: &watch::Moments<'_, '_, T>) -> Vec<f32> {
    let numbers = moments.var.shape().last().max(1);
    let live = moments.live.map(|live| live.are_live());
    let is_live = |i: usize| match &live {
        Some(live) => live[i * live.len() / numbers],
        None => true,
    };
    let smallest = |of_step: &[T]| {
        let variances = of_step.iter().enumerate().filter(|&(i, _)| is_live(i));
        variances.fold(f32::INFINITY, |least, (_, var)| least.min(var.as_f64() as f32))
    };
    moments.var.to_vec().chunks_exact(numbers).map(smallest).collect()
}

/// Population statistics `[R, F]` on the host.
struct Population {
    features: usize,
    /// Rows that were estimated; later steps have the last of them.
    known: usize,
    mean: Vec<f64>,
    var: Vec<f64>,
}

impl Population {
    /// Those of the normalization at `path`, if it has some that were estimated.
    fn of<T: Real>(store: &ParamStore<T>, path: &str) -> Option<Self> {
        let find = |name: &str| {
            store
                .find(&format!("{path}/population_{name}"))
                .map(|id| store.get(id))
        };
        let (mean, var, count) = (find("mean")?, find("var")?, find("count")?);
        let known = count.to_vec().iter().rposition(|count| !count.is_zero())? + 1;
        let numbers = |tensor: &Tensor<T>| tensor.to_vec().into_iter().map(T::as_f64).collect();
        Some(Self {
            features: mean.shape().last(),
            known,
            mean: numbers(mean),
            var: numbers(var),
        })
    }

    /// The median distances of means and of variances.
    fn distances<T: Real>(&self, parts: &[Part<T>]) -> (Option<f32>, Option<f32>) {
        let (mut means, mut vars) = (Vec::new(), Vec::new());
        for part in parts {
            let [mean, var] = [&part.mean, &part.var].map(Tensor::to_vec);
            for (i, (mean, var)) in mean.into_iter().zip(var).enumerate() {
                let row = (part.first + i / self.features).min(self.known - 1);
                let of_unit = row * self.features + i % self.features;
                let (of_all, spread) = (self.mean[of_unit], self.var[of_unit]);
                means.push((mean.as_f64() - of_all).abs() / spread.sqrt());
                vars.push((var.as_f64() / spread).ln().abs());
            }
        }
        (of_finite(means), of_finite(vars))
    }
}

/// The median of the numbers that are finite: a unit without variance has no distance.
fn of_finite(mut distances: Vec<f64>) -> Option<f32> {
    distances.retain(|distance| distance.is_finite());
    (!distances.is_empty()).then(|| median(distances) as f32)
}
