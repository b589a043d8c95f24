//! What narrows a query down, and what the caller may see.

use hub_model::{AccessTerms, SearchFilter};
use std::ops::Bound;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
    TermSetQuery,
};
use tantivy::schema::IndexRecordOption;

use crate::ask::Ask;
use crate::schema::{Fields, Place};
use crate::text;

/// Clauses that decide whether a document is a result, and do not score.
pub(crate) type Clauses = Vec<(Occur, Box<dyn Query>)>;

/// What the caller may see, or `None` for everything.
pub(crate) fn access(fields: &Fields, access: &AccessTerms) -> Option<Box<dyn Query>> {
    let AccessTerms::PublicAnd(own) = access else { return None };
    if own.orgs.is_empty() && own.repos.is_empty() {
        return Some(one(fields.public()));
    }
    let orgs = own.orgs.iter().map(|org| fields.in_org(org.as_str()));
    let repos = own.repos.iter().map(|repo| fields.key(repo.as_str()));
    let own = TermSetQuery::new(orgs.chain(repos));
    Some(Box::new(BooleanQuery::union(vec![one(fields.public()), Box::new(own)])))
}

/// Everything that a result has to fulfil besides its text.
pub(crate) fn clauses(
    fields: &Fields,
    terms: &AccessTerms,
    filter: &SearchFilter,
    ask: &Ask,
) -> Clauses {
    let must = access(fields, terms).into_iter().chain(of(fields, filter));
    let must = must.chain(ask.phrases.iter().filter_map(|phrase| in_order(fields, phrase)));
    let mut clauses: Clauses = must.map(|query| (Occur::Must, silent(query))).collect();
    let without = ask.without.iter().filter_map(|word| anywhere(fields, word));
    clauses.extend(without.map(|query| (Occur::MustNot, query)));
    clauses
}

/// One query that holds when all clauses do.
pub(crate) fn together(mut clauses: Clauses) -> BooleanQuery {
    if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    BooleanQuery::new(clauses)
}

fn of(fields: &Fields, filter: &SearchFilter) -> Vec<Box<dyn Query>> {
    let mut terms = Vec::new();
    terms.extend(filter.org.iter().map(|org| fields.in_org(org.as_str())));
    terms.extend(filter.keywords.iter().map(|word| fields.with_keyword(word)));
    terms.extend(filter.categories.iter().map(|word| fields.of_category(word)));
    terms.extend(filter.os.iter().map(|os| fields.for_os(os)));
    terms.extend(filter.arch.iter().map(|arch| fields.for_arch(arch)));
    terms.extend(filter.size.iter().map(|bucket| fields.of_size(*bucket)));
    terms.extend(filter.official.map(|yes| fields.official(yes)));
    terms.extend(filter.deprecated.map(|yes| fields.deprecated(yes)));
    terms.extend(filter.readme.map(|yes| fields.with_readme(yes)));
    let mut queries: Vec<Box<dyn Query>> = terms.into_iter().map(one).collect();
    if let Some(since) = filter.pushed_since_ms {
        let from = Term::from_field_i64(fields.pushed_at_ms, since);
        queries.push(Box::new(RangeQuery::new(Bound::Included(from), Bound::Unbounded)));
    }
    queries
}

/// The words of a phrase one behind the other in name, keywords or description; or all of them in
/// the README, whose order is not kept.
fn in_order(fields: &Fields, phrase: &str) -> Option<Box<dyn Query>> {
    let names = text::name_tokens(phrase);
    let prose = text::prose_tokens(phrase);
    let mut ways = Vec::new();
    ways.extend(sequence(fields, Place::Name, &names));
    for place in [Place::Keywords, Place::Description] {
        ways.extend(sequence(fields, place, &prose));
    }
    let in_readme = prose.iter().map(|word| word_in(fields, Place::Readme, word));
    let in_readme: Vec<_> = in_readme.collect();
    if !in_readme.is_empty() {
        ways.push(Box::new(BooleanQuery::intersection(in_readme)));
    }
    (!ways.is_empty()).then(|| Box::new(BooleanQuery::union(ways)) as Box<dyn Query>)
}

fn sequence(fields: &Fields, place: Place, words: &[String]) -> Option<Box<dyn Query>> {
    match words {
        [] => None,
        [word] => Some(word_in(fields, place, word)),
        words => {
            let term = |word: &String| fields.term(place, word);
            Some(Box::new(PhraseQuery::new(words.iter().map(term).collect())))
        }
    }
}

/// A word in any field that is read by people.
fn anywhere(fields: &Fields, word: &str) -> Option<Box<dyn Query>> {
    let names = text::name_tokens(word);
    let all = |place: Place, words: &[String]| {
        let each = words.iter().map(|word| word_in(fields, place, word)).collect();
        Box::new(BooleanQuery::intersection(each)) as Box<dyn Query>
    };
    if names.is_empty() {
        return None;
    }
    let stems: Vec<String> = names.iter().map(|word| text::stem(word)).collect();
    Some(Box::new(BooleanQuery::union(vec![
        all(Place::Name, &names),
        all(Place::Alias, &names),
        all(Place::Org, &names),
        all(Place::Keywords, &stems),
        all(Place::Description, &stems),
        all(Place::Readme, &stems),
    ])))
}

fn word_in(fields: &Fields, place: Place, word: &str) -> Box<dyn Query> {
    one(fields.term(place, word))
}

fn one(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn silent(filter: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(filter, 0.0))
}
