//! Puts the facts of a story into words.

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::super::token::PLACEHOLDER_TOKEN;
use super::GeneratedConfig;
use super::story::{Asked, Fact, Story};
use super::words::{FIRST_NAMES, LAST_NAMES, LEADS, ORGANISATIONS, PERSONS, PLACES, TAILS, VERBS};

/// How often an entity is called by its role too, as "the singer @entity3".
const ROLE_NAMED: f64 = 0.5;

/// The words of one story.
pub(super) struct Wording<'a> {
    story: &'a Story,
    /// The name `@entityN` of each entity.
    names: &'a [String],
    roles: Vec<&'static str>,
    real_names: Vec<String>,
    /// The word of each verb.
    verbs: Vec<&'static str>,
    templates: usize,
}

impl<'a> Wording<'a> {
    pub(super) fn draw(
        story: &'a Story,
        names: &'a [String],
        config: &GeneratedConfig,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut verbs = VERBS[..config.verbs].to_vec();
        verbs.shuffle(rng);
        let mut families = LAST_NAMES.to_vec();
        families.shuffle(rng);
        let (mut roles, mut real_names) = (Vec::new(), Vec::new());
        for (entity, family) in (0..story.entities()).zip(families.iter().cycle()) {
            let (role, real_name) = if entity >= story.actors {
                (pick(&PLACES, rng), format!("Saint {family}"))
            } else if rng.random_bool(0.7) {
                (
                    pick(&PERSONS, rng),
                    format!("{} {family}", pick(&FIRST_NAMES, rng)),
                )
            } else {
                (pick(&ORGANISATIONS, rng), format!("{family} & Co"))
            };
            roles.push(role);
            real_names.push(real_name);
        }
        Self {
            story,
            names,
            roles,
            real_names,
            verbs,
            templates: config.templates,
        }
    }

    /// The names that the entities would have if they were not anonymous.
    pub(super) fn real_names(&self) -> impl Iterator<Item = String> {
        self.real_names.iter().cloned()
    }

    /// The story.
    pub(super) fn context(&self, rng: &mut ChaCha8Rng) -> String {
        let sentences: Vec<String> = self
            .story
            .facts
            .iter()
            .map(|fact| self.sentence(fact, rng))
            .collect();
        sentences.join(" ")
    }

    /// The question: the fact that is asked for in a pattern of its own. It names the place only
    /// when asking for it, since a place would help to find the sentence.
    pub(super) fn question(&self, rng: &mut ChaCha8Rng) -> String {
        let fact = &self.story.facts[self.story.target];
        let asked = self.story.asked;
        let gap = || PLACEHOLDER_TOKEN.to_owned();
        let subject = if asked == Asked::Subject {
            gap()
        } else {
            self.mention(fact.subject, rng)
        };
        let object = if asked == Asked::Object {
            gap()
        } else {
            self.mention(fact.object, rng)
        };
        let place = if asked == Asked::Place { Some(gap()) } else { None };
        self.clause(fact.verb, &subject, &object, place, rng)
    }

    /// A sentence of 6 to 19 tokens.
    fn sentence(&self, fact: &Fact, rng: &mut ChaCha8Rng) -> String {
        let subject = self.mention(fact.subject, rng);
        let object = self.mention(fact.object, rng);
        let place = fact.place.map(|place| self.mention(place, rng));
        let clause = self.clause(fact.verb, &subject, &object, place, rng);
        if rng.random_bool(0.5) {
            format!("{} , {clause} .", pick(&LEADS, rng))
        } else {
            format!("{clause} {} .", pick(&TAILS, rng))
        }
    }

    fn clause(
        &self,
        verb: usize,
        subject: &str,
        object: &str,
        place: Option<String>,
        rng: &mut ChaCha8Rng,
    ) -> String {
        let verb = self.verbs[verb];
        let clause = match rng.random_range(0..self.templates) {
            0 => format!("{subject} {verb} {object}"),
            1 => format!("{object} was {verb} by {subject}"),
            _ => format!("it was {subject} who {verb} {object}"),
        };
        match place {
            Some(place) => format!("{clause} in {place}"),
            None => clause,
        }
    }

    /// An entity, half of the time with its role, which is the same throughout a story.
    fn mention(&self, entity: usize, rng: &mut ChaCha8Rng) -> String {
        let name = &self.names[entity];
        if rng.random_bool(ROLE_NAMED) {
            format!("the {} {name}", self.roles[entity])
        } else {
            name.clone()
        }
    }
}

fn pick(words: &[&'static str], rng: &mut ChaCha8Rng) -> &'static str {
    words.choose(rng).copied().unwrap_or_default()
}
