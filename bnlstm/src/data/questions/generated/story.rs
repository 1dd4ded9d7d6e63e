//! What happens in a story, before it is put into words.

use std::collections::HashSet;

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Someone did something to someone, perhaps somewhere. Entities and verbs are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub verb: usize,
    pub subject: usize,
    pub object: usize,
    pub place: Option<usize>,
}

/// The entity of a fact that a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Subject,
    Object,
    Place,
}

/// Facts, one for each sentence, and which of them is asked for.
///
/// Entities below `actors` are persons and organisations, the others places. No actor has part in
/// two facts with the same verb, so that a verb and an actor are one fact at most.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub actors: usize,
    pub places: usize,
    pub facts: Vec<Fact>,
    pub target: usize,
    pub asked: Asked,
}

impl Story {
    pub(super) fn draw(sentences: usize, actors: usize, share: f64, rng: &mut ChaCha8Rng) -> Self {
        let (pairs, verbs) = deeds(sentences, actors, rng);
        let (places, named) = draw_places(sentences, actors, share, rng);
        let facts: Vec<Fact> = pairs
            .into_iter()
            .zip(verbs)
            .zip(named)
            .map(|(([subject, object], verb), place)| Fact {
                verb,
                subject,
                object,
                place,
            })
            .collect();
        let (target, asked) = ask(&facts, places, rng);
        Self {
            actors,
            places,
            facts,
            target,
            asked,
        }
    }

    /// Number of entities.
    pub(super) fn entities(&self) -> usize {
        self.actors + self.places
    }

    /// The entity that is asked for.
    pub(super) fn answer(&self) -> usize {
        let fact = &self.facts[self.target];
        match (self.asked, fact.place) {
            (Asked::Object, _) => fact.object,
            (Asked::Place, Some(place)) => place,
            _ => fact.subject,
        }
    }
}

/// Subject and object of each sentence, and the verb between them.
///
/// A third as many verbs as sentences are tried, and up to half as many, since the verbs of few
/// actors must be more.
fn deeds(sentences: usize, actors: usize, rng: &mut ChaCha8Rng) -> (Vec<[usize; 2]>, Vec<usize>) {
    let (fewest, most) = (sentences.div_ceil(3), sentences.div_ceil(2));
    let mut count = fewest;
    loop {
        let pairs = pairs(sentences, actors, rng);
        if let Some(verbs) = verbs(&pairs, count, rng) {
            return (pairs, verbs);
        }
        count = if count == most { fewest } else { count + 1 };
    }
}

/// Subject and object of each sentence. Each actor is named as often as the others, or once more, and
/// no two actors meet twice: who meets whom does not tell which sentence is asked for.
fn pairs(sentences: usize, actors: usize, rng: &mut ChaCha8Rng) -> Vec<[usize; 2]> {
    loop {
        let slots = deal(2 * sentences, actors, rng);
        let pairs: Vec<[usize; 2]> = slots.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
        let meetings: HashSet<[usize; 2]> = pairs.iter().map(|&[a, b]| [a.min(b), a.max(b)]).collect();
        if meetings.len() == sentences && meetings.iter().all(|[a, b]| a != b) {
            return pairs;
        }
    }
}

/// `slots` numbers below `kinds` in random order, each as often as the others, or once more.
fn deal(slots: usize, kinds: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..kinds).collect();
    order.shuffle(rng);
    let mut slots: Vec<usize> = order.into_iter().cycle().take(slots).collect();
    slots.shuffle(rng);
    slots
}

/// A verb below `count` for each pair, such that no actor has the same verb twice. `None` if the
/// draws lead to a pair without a verb.
fn verbs(pairs: &[[usize; 2]], count: usize, rng: &mut ChaCha8Rng) -> Option<Vec<usize>> {
    let mut chosen: Vec<usize> = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let taken = |verb: usize| {
            let earlier = chosen.iter().zip(pairs).filter(|(other, _)| **other == verb);
            let mut earlier = earlier.flat_map(|(_, actors)| actors);
            earlier.any(|actor| pair.contains(actor))
        };
        let free: Vec<usize> = (0..count).filter(|&verb| !taken(verb)).collect();
        chosen.push(*free.choose(rng)?);
    }
    Some(chosen)
}

/// The number of places, and the place that each sentence names. Places have the numbers after the
/// actors', and each is named about twice.
fn draw_places(
    sentences: usize,
    actors: usize,
    share: f64,
    rng: &mut ChaCha8Rng,
) -> (usize, Vec<Option<usize>>) {
    let named: Vec<bool> = (0..sentences).map(|_| rng.random_bool(share)).collect();
    let mentions = named.iter().filter(|&&named| named).count();
    let places = mentions.div_ceil(2);
    let mut drawn = deal(mentions, places, rng).into_iter();
    let place = |named: bool| {
        if named {
            drawn.next().map(|place| actors + place)
        } else {
            None
        }
    };
    (places, named.into_iter().map(place).collect())
}

/// A fact whose verb has another fact too, and one of its entities. A place is asked for only if
/// there are others.
fn ask(facts: &[Fact], places: usize, rng: &mut ChaCha8Rng) -> (usize, Asked) {
    let facts_with = |verb: usize| facts.iter().filter(move |fact| fact.verb == verb).count();
    let repeated = (0..facts.len()).filter(|&index| facts_with(facts[index].verb) > 1);
    // There are more facts than verbs, so that one verb at least has two facts.
    let repeated: Vec<usize> = repeated.collect();
    let target = repeated[rng.random_range(0..repeated.len())];
    let mut entities = vec![Asked::Subject, Asked::Object];
    if places > 1 && facts[target].place.is_some() {
        entities.push(Asked::Place);
    }
    (target, entities[rng.random_range(0..entities.len())])
}
