//! All values of a pass, to be searched for bad ones.

use autodiff::{Gradients, Tensor, Var};
use kernels::Real;
use nn::params::ParamStore;
use nn::watch::{Moments, Place, Watch};

use super::{Extent, Named, Scale};

/// Below this variance, with `ε` added, a normalization enlarges what it is given, or its gradient, more
/// than a million times.
const NO_VARIANCE: f64 = 1e-12;

/// What was told in a pass, in its order. The values keep their gradients.
#[derive(Debug)]
pub(crate) struct Record<'t, T: Real>(Vec<Event<'t, T>>);

#[derive(Debug)]
enum Event<'t, T: Real> {
    Value(Value<'t, T>),
    Normalized(Normalized<'t, T>),
}

#[derive(Debug)]
struct Value<'t, T: Real> {
    layer: String,
    what: &'static str,
    time: Option<usize>,
    var: Var<'t, T>,
    inputs: Vec<(&'static str, Var<'t, T>)>,
}

#[derive(Debug)]
struct Normalized<'t, T: Real> {
    path: String,
    time: Option<usize>,
    x: Var<'t, T>,
    mean: Tensor<T>,
    var: Tensor<T>,
    epsilon: f64,
}

/// A tensor that was searched for.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) tensor: Named,
    pub(crate) extent: Extent,
    pub(crate) inputs: Vec<(String, Extent)>,
    pub(crate) scale: Option<Scale>,
}

impl Found {
    /// Whether it is the division by a variance near 0 that has made it.
    pub(crate) fn lacks_variance(&self) -> bool {
        let added = |scale: Scale| scale.smallest_variance + scale.epsilon;
        self.scale.is_some_and(|scale| added(scale) < NO_VARIANCE)
    }
}

impl<T: Real> Default for Record<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'t, T: Real> Watch<'t, T> for Record<'t, T> {
    fn value(&mut self, place: Place<'_>, value: Var<'t, T>, inputs: &[(&'static str, Var<'t, T>)]) {
        value.keep_gradient();
        self.0.push(Event::Value(Value {
            layer: place.layer.to_owned(),
            what: place.what,
            time: place.time,
            var: value,
            inputs: inputs.to_vec(),
        }));
    }

    fn moments(&mut self, path: &str, moments: &Moments<'_, 't, T>) {
        self.0.push(Event::Normalized(Normalized {
            path: path.to_owned(),
            time: moments.time,
            x: moments.x,
            mean: moments.mean.clone(),
            var: moments.var.clone(),
            epsilon: moments.epsilon,
        }));
    }
}

impl<T: Real> Record<'_, T> {
    /// The first value with an element that is not finite.
    pub(crate) fn first_bad(&self, store: &ParamStore<T>) -> Option<Found> {
        self.0.iter().enumerate().find_map(|(i, event)| match event {
            Event::Normalized(normalized) => normalized.bad(),
            Event::Value(value) => {
                let index = value.var.value().to_vec().iter().position(|x| !x.is_finite())?;
                let mut found = value.at(index, &value.var.value());
                let before = self.0[..i].iter().rev().map_while(Event::normalized);
                found.normalized_by(before, store);
                Some(found)
            }
        })
    }

    /// The last value, the first one on the way back, with a gradient that is not finite.
    pub(crate) fn last_bad_gradient(&self, gradients: &Gradients<T>, store: &ParamStore<T>) -> Option<Found> {
        self.0.iter().enumerate().rev().find_map(|(i, event)| {
            let Event::Value(value) = event else {
                return None;
            };
            let gradient = gradients.get(value.var)?;
            let index = gradient.to_vec().iter().rposition(|x| !x.is_finite())?;
            let mut found = value.at(index, gradient);
            let own = value.at(index, &value.var.value());
            found.inputs = vec![("the value itself".to_owned(), own.extent)];
            found.tensor.what = format!("gradient of the {}", value.what);
            // It comes back through what was done to the value next.
            let after = self.0[i + 1..].iter().map_while(Event::normalized);
            found.normalized_by(after, store);
            found.tensor.normalization = None;
            Some(found)
        })
    }

    /// The value with the largest element.
    pub(crate) fn largest(&self) -> Option<Found> {
        let values = self.0.iter().filter_map(|event| match event {
            Event::Value(value) => Some(value),
            Event::Normalized(_) => None,
        });
        let sizes = values.filter_map(|value| {
            let numbers = value.var.value().to_vec().into_iter().map(|x| x.as_f64().abs());
            let (index, size) = numbers.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
            Some((value, index, size))
        });
        let (value, index, _) = sizes.max_by(|a, b| a.2.total_cmp(&b.2))?;
        Some(value.at(index, &value.var.value()))
    }
}

impl<'t, T: Real> Event<'t, T> {
    fn normalized(&self) -> Option<&Normalized<'t, T>> {
        match self {
            Event::Normalized(normalized) => Some(normalized),
            Event::Value(_) => None,
        }
    }
}

impl<T: Real> Value<'_, T> {
    /// The step that has element `index` of the value, or of its gradient, in `tensor`.
    fn at(&self, index: usize, tensor: &Tensor<T>) -> Found {
        let shape = tensor.shape();
        let by_step = self.time.filter(|_| shape.rank() == 3);
        let t = index / (shape.len() / shape.extent(0)).max(1);
        let of_step = |x: &Tensor<T>| match by_step {
            Some(_) if x.shape().rank() == 3 && x.shape().extent(0) == shape.extent(0) => x.row(t),
            _ => x.clone(),
        };
        let input = |(name, var): &(&str, Var<'_, T>)| {
            let extent = Extent::of(&of_step(&var.value()));
            ((*name).to_owned(), extent)
        };
        Found {
            tensor: Named {
                what: self.what.to_owned(),
                layer: self.layer.clone(),
                time: by_step.map(|first| first + t).or(self.time),
                normalization: None,
            },
            extent: Extent::of(&of_step(tensor)),
            inputs: self.inputs.iter().map(input).collect(),
            scale: None,
        }
    }
}

impl Found {
    /// Adds what a normalization at the same time step has divided by, if there is one among `near`.
    fn normalized_by<'n, 't: 'n, T: Real>(
        &mut self,
        mut near: impl Iterator<Item = &'n Normalized<'t, T>>,
        store: &ParamStore<T>,
    ) {
        let time = self.tensor.time;
        let Some((normalized, row)) = near.find_map(|near| Some((near, near.row(time)?))) else {
            return;
        };
        let variances = Extent::of(&normalized.var.row(row));
        self.scale = Some(Scale {
            smallest_variance: variances.smallest,
            epsilon: normalized.epsilon,
        });
        self.tensor.normalization = Some(normalized.path.clone());
        for name in ["gamma", "beta"] {
            if let Some(id) = store.find(&format!("{}/{name}", normalized.path)) {
                self.inputs.push((name.to_owned(), Extent::of(store.get(id))));
            }
        }
    }
}

impl<T: Real> Normalized<'_, T> {
    /// Which row of the moments is that of a time step.
    fn row(&self, time: Option<usize>) -> Option<usize> {
        let (Some(first), Some(time)) = (self.time, time) else {
            return Some(0);
        };
        let row = time.checked_sub(first)?;
        (row < self.var.shape().extent(0)).then_some(row)
    }

    /// The moments of a step, if they are not finite.
    fn bad(&self) -> Option<Found> {
        let moments = [("mean", &self.mean), ("variance", &self.var)];
        let (index, (what, tensor)) = moments.into_iter().find_map(|moments| {
            let numbers = moments.1.to_vec();
            Some((numbers.iter().position(|x| !x.is_finite())?, moments))
        })?;
        let steps = tensor.shape().extent(0);
        let row = index / (tensor.len() / steps);
        let x = self.x.value();
        let x = match steps > 1 && x.shape().rank() == 3 && x.shape().extent(0) == steps {
            true => x.row(row),
            false => x,
        };
        Some(Found {
            tensor: Named {
                what: what.to_owned(),
                layer: self.path.clone(),
                time: self.time.map(|first| first + row),
                normalization: None,
            },
            extent: Extent::of(&tensor.row(row)),
            inputs: vec![("what is normalized".to_owned(), Extent::of(&x))],
            scale: None,
        })
    }
}
