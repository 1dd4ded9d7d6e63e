//! The Attentive Reader: a story, a question about it, and the entity that fits its gap.

use kernels::Real;
use nn::attention::{Attention, AttentionConfig, AttentionSites};
use nn::cell::{Layer, Sequence, States};
use nn::context::Context;
use nn::init::Initializer;
use nn::linear::Embedding;
use nn::norm::Normalizer;
use nn::params::Scope;

use autodiff::Var;

use crate::cell::{Cell, Site};
use crate::config::{ModelConfig, ReaderConfig};
use crate::normalization::Place;
use crate::task::{Input, Interface};

/// Words as vectors, recurrent layers over the story and others over the question, and attention to
/// the story, given the question (Hermann et al. 2015, section 2.2).
#[derive(Debug)]
pub struct Reader<T: Real> {
    words: Embedding,
    story: Layer<T>,
    question: Layer<T>,
    attention: Attention<T>,
}

impl<T: Real> Reader<T> {
    /// Makes its parameters, for questions of up to `question_steps` words.
    pub fn new(
        scope: &mut Scope<'_, T>,
        config: &ModelConfig,
        reader: &ReaderConfig,
        interface: Interface,
        question_steps: usize,
    ) -> Self {
        let ReaderConfig {
            embedding_size,
            attention,
        } = *reader;
        let init = Initializer::Glorot;
        let words = Embedding::new(
            &mut scope.within("words"),
            interface.input.size(),
            embedding_size,
            &init,
        );
        let read = |steps| Interface {
            input: Input::Numbers(embedding_size),
            steps,
            ..interface
        };
        let story = config.layers(&mut scope.within("story"), read(interface.steps));
        let question = config.layers(&mut scope.within("question"), read(question_steps));
        let mut scope = scope.within("attention");
        let settings = AttentionConfig::new(story.output_size(), question.output_size());
        let mut site = |name: &str, features: usize, steps: usize| -> Option<Box<dyn Normalizer<T>>> {
            let place = attention_place(features, steps);
            attention.build(&mut scope.within(&format!("norm_{name}")), place)
        };
        let sites = AttentionSites {
            ym: site("ym", settings.attention_size, interface.steps),
            um: site("um", settings.attention_size, 1),
            rg: site("rg", settings.output_size, 1),
            ug: site("ug", settings.output_size, 1),
        };
        Self {
            words,
            story,
            question,
            attention: Attention::new(&mut scope, &settings, sites),
        }
    }

    /// Elements of what it says.
    pub fn output_size(&self) -> usize {
        self.story.output_size()
    }

    /// `g [B, G]`, and the states over the story.
    pub fn forward<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        story: &Sequence<'t, T>,
        question: &Sequence<'t, T>,
    ) -> (Var<'t, T>, States<'t, T>) {
        let [story, question] = [story, question].map(|text| {
            let words = self.words.of_sequence(context, text);
            text.with_input(words)
        });
        let states = self.story.forward(context, &story);
        let query = self.question.forward(context, &question).last;
        let attended = self.attention.forward(context, states.h, story.lengths(), query);
        (attended.g, states)
    }
}

/// Where the terms inside the attention's tanh are normalized: products like those of a cell, without
/// a `β`, as the attention has no bias without normalization either.
pub fn attention_place(features: usize, steps: usize) -> Place {
    Place {
        cell: Cell::Lstm,
        site: Site::X,
        features,
        gates: 1,
        beta: false,
        steps,
        forget_bias: 0.0,
    }
}
