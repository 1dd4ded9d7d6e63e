//! The gated recurrent unit of PyTorch, `torch.nn.GRU`.

use autodiff::{Device, Tape, Tensor, Var};
use kernels::Real;
use nn::cell::{Cell, Gru, GruConfig, Sites, State};
use nn::context::{Context, Mode};
use nn::norm::Step;
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::case::{Case, Check, everywhere, set};

struct Torch(Case);

impl Torch {
    /// Sets the parameters: its weights are `[3H, in]`, and both of its biases are added where only
    /// the candidate's recurrent one, which the reset gate multiplies, needs a place of its own.
    fn convert<T: Real>(&self, device: &Device<T>, store: &mut ParamStore<T>) {
        let case = &self.0;
        let hidden_size = case.shape("weight_hh")[1];
        set(store, "w_x", case.tensor(device, "weight_ih").transpose());
        set(store, "w_h", case.tensor(device, "weight_hh").transpose());
        let (of_input, of_state) = (case.values("bias_ih"), case.values("bias_hh"));
        let (of_gates, bias_n) = of_state.split_at(2 * hidden_size);
        let padded = of_gates.iter().chain(std::iter::repeat(&0.0));
        let bias: Vec<T> = of_input.iter().zip(padded).map(|(a, b)| T::of(a + b)).collect();
        set(store, "bias", device.tensor([bias.len()], &bias));
        let bias_n: Vec<T> = bias_n.iter().map(|&b| T::of(b)).collect();
        set(store, "bias_n", device.tensor([hidden_size], &bias_n));
    }

    fn compare_parameters<T: Real>(&self, gradient: impl Fn(&str) -> Tensor<T>) {
        let case = &self.0;
        case.compare("grad.weight_ih", &gradient("w_x").transpose());
        case.compare("grad.weight_hh", &gradient("w_h").transpose());
        case.compare("grad.bias_ih", &gradient("bias"));
        let hidden_size = case.shape("weight_hh")[1];
        let mut of_state = gradient("bias").to_vec();
        of_state.truncate(2 * hidden_size);
        of_state.extend(gradient("bias_n").to_vec());
        case.compare_values("grad.bias_hh", &of_state);
    }
}

/// All states from a given one on, which differs from row to row.
fn states<'t, T: Real>(
    gru: &Gru<T>,
    context: &mut Context<'t, '_, T>,
    x: Var<'t, T>,
    h_0: Var<'t, T>,
) -> Var<'t, T> {
    let mut pass = gru.begin(context, &x.into());
    let of = x.shape().extent(0);
    let mut state = State { h: h_0, c: None };
    let mut h = Vec::with_capacity(of);
    for t in 0..of {
        state = pass.step(context, state, Step::new(t, of));
        h.push(state.h);
    }
    Var::stack(&h)
}

impl Check for Torch {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let (input_size, hidden_size) = (case.shape("weight_ih")[1], case.shape("weight_hh")[1]);
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut scope = Scope::new(&mut store, &mut rng);
        let gru = Gru::new(
            &mut scope,
            &GruConfig::new(input_size, hidden_size),
            Sites::default(),
        );
        self.convert(device, &mut store);
        let tape = Tape::new(device);
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        let [x, h_0] = ["x", "h0"].map(|name| tape.leaf(case.tensor(device, name)));
        let batch = x.shape().extent(1);
        let h = states(&gru, &mut context, x, h_0.reshape([batch, hidden_size]));
        case.compare("h", &h.value());
        let loss = h.mul(tape.constant(case.tensor(device, "r"))).sum();
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        for (name, var) in [("grad.x", x), ("grad.h0", h_0)] {
            case.compare(name, gradients.get(var).expect("a gradient"));
        }
        let gradients = context.param_gradients(gradients);
        self.compare_parameters(|path| {
            let id = store.find(path).expect("a parameter");
            gradients.get(id).expect("a gradient").clone()
        });
    }
}

#[test]
fn golden_gru() {
    everywhere(&Torch(Case::read("gru")));
}
