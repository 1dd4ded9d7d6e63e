use super::super::token::{Kind, kind, tokens};
use super::super::{QuestionData, Reading};
use super::*;

fn questions(count: usize) -> Vec<Question> {
    let config = GeneratedConfig {
        training: count,
        ..GeneratedConfig::default()
    };
    part(config, 7, Part::Training)
}

fn part(config: GeneratedConfig, seed: u64, part: Part) -> Vec<Question> {
    let mut questions = Vec::new();
    let corpus = GeneratedCorpus::new(config, seed);
    let report = corpus
        .visit(part, &mut |question| questions.push(question))
        .unwrap();
    assert_eq!(report.files, questions.len());
    questions
}

fn sentences(question: &Question) -> Vec<Vec<&str>> {
    let tokens: Vec<&str> = tokens(&question.context).collect();
    let sentences = tokens.split_inclusive(|&token| token == ".");
    sentences.map(<[&str]>::to_vec).collect()
}

fn entities(text: &str) -> Vec<&str> {
    tokens(text).filter(|token| kind(token) == Kind::Entity).collect()
}

fn verb(question: &Question) -> &str {
    let verb = tokens(&question.question).find(|token| words::VERBS.contains(token));
    verb.expect("each question has a verb")
}

#[test]
fn questions_are_files_of_the_corpus() {
    for question in questions(500) {
        let again = Question::parse("generated", &question.to_bytes());
        assert_eq!(again, Ok(question));
    }
}

#[test]
fn stories_vary_in_length_and_stay_within_their_limits() {
    let questions = questions(2000);
    let mut counts = [0; 7];
    let mut most_entities = 0;
    for question in &questions {
        let sentences = sentences(question);
        counts[sentences.len()] += 1;
        for sentence in sentences {
            assert!((6..=19).contains(&sentence.len()), "{sentence:?}");
        }
        let named: std::collections::HashSet<&str> = entities(&question.context).into_iter().collect();
        assert_eq!(named.len(), question.entities.len());
        most_entities = most_entities.max(named.len());
    }
    assert_eq!(counts[..4], [0; 4]);
    // 667 each, with a standard deviation of 21: five of them.
    assert!(
        counts[4..].iter().all(|count| (562..=772).contains(count)),
        "{counts:?}"
    );
    assert_eq!(most_entities, 9);
}

/// The sentence with the verb and the known entity of the question is the only such one, and tells
/// the answer; both stand in other sentences too.
#[test]
fn one_sentence_tells_the_answer_and_others_mislead() {
    for question in questions(2000) {
        let verb = verb(&question);
        let known = entities(&question.question)[0];
        let sentences = sentences(&question);
        let with_verb = sentences.iter().filter(|sentence| sentence.contains(&verb));
        let with_known = sentences.iter().filter(|sentence| sentence.contains(&known));
        assert!(with_verb.clone().count() >= 2, "{question:?}");
        assert!(with_known.clone().count() >= 2, "{question:?}");
        let both: Vec<_> = with_verb.filter(|sentence| sentence.contains(&known)).collect();
        assert_eq!(both.len(), 1, "{question:?}");
        assert!(both[0].contains(&question.answer.as_str()), "{question:?}");
    }
}

#[test]
fn no_name_of_an_entity_is_the_answer_more_often_than_others() {
    let mut counts = [0_u32; 40];
    let questions = questions(4000);
    for question in &questions {
        let number: usize = question.answer["@entity".len()..].parse().unwrap();
        counts[number] += 1;
    }
    let expected = questions.len() as f64 / 40.0;
    let chi_square: f64 = counts
        .iter()
        .map(|&count| (f64::from(count) - expected).powi(2) / expected)
        .sum();
    // 39 degrees of freedom: 0.1 % of uniform draws exceed 72.1, another 0.1 % stay below 16.3.
    assert!((16.3..72.1).contains(&chi_square), "{chi_square}");
}

/// Shares of right answers without reading. The documentation of the corpus names them.
#[test]
fn rules_of_thumb_do_not_solve_the_questions() {
    let questions = questions(5000);
    let share = |rule: &dyn Fn(&Question) -> f64| {
        let right: f64 = questions.iter().map(rule).sum();
        right / questions.len() as f64
    };
    let is = |question: &Question, entity: Option<&str>| {
        f64::from(u8::from(entity == Some(question.answer.as_str())))
    };
    let beside = |question: &Question, token: &str| {
        let sentences = sentences(question);
        let found = sentences.iter().find(|sentence| sentence.contains(&token));
        let known = entities(&question.question);
        let entity = |token: &&&str| kind(token) == Kind::Entity && !known.contains(*token);
        is(
            question,
            found.and_then(|sentence| sentence.iter().find(entity).copied()),
        )
    };
    let shares = [
        share(&|question| is(question, entities(&question.context).first().copied())),
        share(&|question| is(question, entities(&question.context).last().copied())),
        // What a guess among all entities of the story finds in the mean.
        share(&|question| 1.0 / question.entities.len() as f64),
        share(&|question| is(question, most_frequent(question))),
        share(&|question| beside(question, entities(&question.question)[0])),
        share(&|question| beside(question, verb(question))),
    ];
    // The seed is fixed: what remains is the rounding to three digits.
    let expected = [0.212, 0.152, 0.179, 0.214, 0.448, 0.492];
    for (share, expected) in shares.iter().zip(expected) {
        assert!((share - expected).abs() < 5e-4, "{shares:?}");
    }
}

/// The four nearest sentences nearly always hold the answer.
#[test]
fn few_answers_are_cut_away() {
    let reading = Reading { sentences: Some(4) };
    let corpus = GeneratedCorpus::new(GeneratedConfig::default(), 7);
    let data = QuestionData::read(&corpus, reading).unwrap();
    let shares = Part::ALL.map(|part| data.part(part).share_cut());
    assert!(shares.iter().all(|&share| share <= 0.002), "{shares:?}");
}

/// Of equally frequent ones, the first.
fn most_frequent(question: &Question) -> Option<&str> {
    let all = entities(&question.context);
    let count = |entity: &str| all.iter().filter(|&&other| other == entity).count();
    let most = all.iter().copied().map(count).max();
    all.iter().copied().find(|&entity| Some(count(entity)) == most)
}

#[test]
fn seed_and_part_decide_the_questions_and_the_sizes_do_not() {
    let config = GeneratedConfig {
        training: 20,
        validation: 20,
        test: 20,
        ..GeneratedConfig::default()
    };
    let text = |config: &GeneratedConfig, seed, which| {
        let questions = part(config.clone(), seed, which);
        questions
            .into_iter()
            .map(|question| question.context)
            .collect::<Vec<_>>()
    };
    let training = text(&config, 1, Part::Training);
    assert_eq!(training, text(&config, 1, Part::Training));
    assert_ne!(training, text(&config, 2, Part::Training));
    assert_ne!(training, text(&config, 1, Part::Validation));
    let longer = GeneratedConfig {
        training: 30,
        ..config.clone()
    };
    assert_eq!(training, text(&longer, 1, Part::Training)[..20]);
    assert_eq!(text(&config, 1, Part::Test), text(&longer, 1, Part::Test));
}

/// Published runs name a seed, so that the questions it gives must never change.
#[test]
fn the_first_question_of_seed_1_never_changes() {
    let config = GeneratedConfig {
        training: 1,
        ..GeneratedConfig::default()
    };
    let question = &part(config, 1, Part::Training)[0];
    assert_eq!(question.name(), "ac1c10a515947fcfd906996b4c150e65c1bed06c");
}

#[test]
fn the_extremes_of_the_configuration_work() {
    let default = GeneratedConfig::default;
    let extremes = [
        GeneratedConfig {
            sentences: 4..=4,
            actors: 4,
            places: 0.0,
            templates: 1,
            ids: 6,
            ..default()
        },
        GeneratedConfig {
            sentences: 6..=6,
            actors: 4,
            places: 1.0,
            templates: 2,
            ids: 7,
            ..default()
        },
        GeneratedConfig {
            sentences: 30..=30,
            actors: 20,
            verbs: 15,
            places: 1.0,
            ids: 40,
            ..default()
        },
        GeneratedConfig {
            sentences: 80..=80,
            actors: 80,
            verbs: 40,
            places: 0.5,
            ids: 150,
            ..default()
        },
    ];
    for config in extremes {
        let config = GeneratedConfig {
            training: 50,
            ..config
        };
        for question in part(config, 1, Part::Training) {
            let again = Question::parse("generated", &question.to_bytes());
            assert_eq!(again, Ok(question));
        }
    }
}

#[test]
#[should_panic(expected = "stories of 3 to 5 sentences; 4 or more would fit")]
fn too_few_sentences() {
    let config = GeneratedConfig {
        sentences: 3..=5,
        ..GeneratedConfig::default()
    };
    GeneratedCorpus::new(config, 1);
}

#[test]
#[should_panic(expected = "7 verbs for stories of up to 16 sentences; 8 to 40 would fit")]
fn too_few_verbs() {
    let config = GeneratedConfig {
        sentences: 4..=16,
        actors: 16,
        verbs: 7,
        ..GeneratedConfig::default()
    };
    GeneratedCorpus::new(config, 1);
}

#[test]
#[should_panic(expected = "stories of up to 9 entities with 8 names for them; 9 or more would fit")]
fn too_few_names() {
    let config = GeneratedConfig {
        ids: 8,
        ..GeneratedConfig::default()
    };
    GeneratedCorpus::new(config, 1);
}
