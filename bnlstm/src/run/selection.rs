//! Which model of a run is measured in the end, and when there is no use in going on.

use kernels::Real;
use nn::checkpoint::Snapshot;
use serde::{Deserialize, Serialize};

use crate::config::EvaluationConfig;
use crate::scores::Scores;
use crate::task::Metric;

/// The best model so far, as a checkpoint keeps it beside the model itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Best {
    /// Updates after which it stood, and its validation score; none before the first evaluation.
    found: Option<(usize, f64)>,
    /// Evaluations since then.
    since: usize,
}

impl Best {
    /// Updates after which it stood; none before the first evaluation.
    pub(super) fn update(&self) -> Option<usize> {
        self.found.map(|(update, _)| update)
    }
}

/// Chooses among the models that were evaluated.
pub(super) struct Selection<T: Real> {
    config: EvaluationConfig,
    metric: Metric,
    pub(super) best: Best,
    pub(super) model: Option<Snapshot<T>>,
}

impl<T: Real> Selection<T> {
    pub(super) fn new(config: EvaluationConfig, metric: Metric) -> Self {
        Self {
            config,
            metric,
            best: Best::default(),
            model: None,
        }
    }

    /// Takes in an evaluation: `model` is the best one if its score is better than all before. Of equal
    /// ones the first counts.
    pub(super) fn consider(&mut self, update: usize, scores: &Scores, model: impl FnOnce() -> Snapshot<T>) {
        let value = self.metric.of(&self.config.select.of(scores));
        let better = match self.best.found {
            None => !value.is_nan(),
            Some((_, best)) => value != best && self.metric.reaches(value, best),
        };
        self.best.since += 1;
        if better {
            self.best = Best {
                found: Some((update, value)),
                since: 0,
            };
            self.model = Some(model());
        }
    }

    /// Updates of the best model.
    pub(super) fn update(&self) -> Option<usize> {
        self.best.update()
    }

    /// Whether the run has gone on in vain for long enough.
    pub(super) fn is_over(&self) -> bool {
        self.config
            .patience
            .is_some_and(|patience| self.best.since >= patience)
    }
}

#[cfg(test)]
mod tests {
    use autodiff::Device;
    use nn::params::ParamStore;

    use super::*;
    use crate::config::Selector;
    use crate::trainer::Score;

    fn score(accuracy: f64) -> Score {
        Score {
            loss: 1.0 - accuracy,
            accuracy,
        }
    }

    fn selection(select: Selector, metric: Metric) -> Selection<f32> {
        let config = EvaluationConfig {
            select,
            patience: Some(2),
            ..EvaluationConfig::default()
        };
        Selection::new(config, metric)
    }

    /// Which updates were the best so far, and after which one the run is over.
    fn course(selection: &mut Selection<f32>, scores: &[Scores]) -> (Vec<Option<usize>>, Option<usize>) {
        let store = ParamStore::new(&Device::reference());
        let mut best = Vec::new();
        for (update, scores) in scores.iter().enumerate() {
            selection.consider(update, scores, || Snapshot::of(&store));
            best.push(selection.update());
            if selection.is_over() {
                return (best, Some(update));
            }
        }
        (best, None)
    }

    /// Batch statistics get better all the time, population statistics twice only.
    fn scores() -> Vec<Scores> {
        let population = [0.5, 0.7, 0.7, 0.6, 0.9];
        let of = |(i, &population): (usize, &f64)| Scores {
            batch: score(0.1 * i as f64),
            running: score(f64::NAN),
            population: score(population),
        };
        population.iter().enumerate().map(of).collect()
    }

    #[test]
    fn the_statistics_that_are_named_count() {
        for metric in [Metric::Accuracy, Metric::ErrorRate, Metric::SquaredError] {
            let (best, over) = course(&mut selection(Selector::Population, metric), &scores());
            assert_eq!(best, [Some(0), Some(1), Some(1), Some(1)], "{metric}");
            assert_eq!(over, Some(3));
            let (best, over) = course(&mut selection(Selector::Batch, metric), &scores());
            assert_eq!(best, (0..5).map(Some).collect::<Vec<_>>());
            assert_eq!(over, None);
        }
    }

    #[test]
    fn what_is_no_number_is_never_the_best() {
        let (best, over) = course(&mut selection(Selector::Running, Metric::Accuracy), &scores());
        assert_eq!((best, over), (vec![None, None], Some(1)));
    }
}
