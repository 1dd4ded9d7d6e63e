//! Settings of the optimizer updates.

/// Stochastic gradient descent with momentum:
///
/// ```text
/// v ← μ v + g
/// p ← p − learning_rate · v
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd<T> {
    /// Step size.
    pub learning_rate: T,
    /// `μ`; 0 for plain descent.
    pub momentum: T,
}

/// Where RMSProp's `ε` sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denominator {
    /// `√s + ε`, as PyTorch does.
    RootPlusEpsilon,
    /// `max(√s, ε)`, as Blocks and with it the code of the recurrent batch normalization paper do.
    MaxOfRootAndEpsilon,
}

/// RMSProp (Tieleman and Hinton 2012):
///
/// ```text
/// s ← decay · s + (1 − decay) · g²
/// a ← decay · a + (1 − decay) · g          centred only; then max(s − a², 0) takes the place of s below
/// d = √s + ε   or   max(√s, ε)             see `Denominator`
/// v ← μ v + g / d
/// p ← p − learning_rate · v
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp<T> {
    /// Step size.
    pub learning_rate: T,
    /// Weight of the old mean square.
    pub decay: T,
    /// `ε`
    pub epsilon: T,
    /// `μ`; 0 for none.
    pub momentum: T,
    /// Where `ε` sits.
    pub denominator: Denominator,
}

/// Adam (Kingma and Ba 2015), and AdamW (Loshchilov and Hutter 2019) where `weight_decay` is not 0:
///
/// ```text
/// p ← p − learning_rate · weight_decay · p
/// m ← β₁ m + (1 − β₁) g
/// v ← β₂ v + (1 − β₂) g²
/// p ← p − learning_rate · (m / (1 − β₁ᵏ)) / (√v / √(1 − β₂ᵏ) + ε)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<T> {
    /// Step size.
    pub learning_rate: T,
    /// `β₁`
    pub beta1: T,
    /// `β₂`
    pub beta2: T,
    /// `ε`
    pub epsilon: T,
    /// Decoupled weight decay.
    pub weight_decay: T,
    /// `k`, the number of this update, counted from 1.
    pub step: u64,
}
