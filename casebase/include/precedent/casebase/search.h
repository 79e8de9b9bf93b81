#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/result.h"
#include "precedent/casebase/case_store.h"

namespace precedent::casebase {

class Casebase;

struct SearchHit {
    std::string kind; ///< "case", "code" or "prompt"
    std::string id;
    std::string title; ///< a case's or prompt's request start, a code's title
    std::string snippet; ///< where it matched, on one line; matched words in [brackets]
    double score = 0; ///< BM25, higher is better; comparable within one kind only
};

struct SearchResult {
    std::int64_t total = 0; ///< hits without the limit
    std::vector<SearchHit> hits;
};

/// What a person types: words (all must occur; the last one also as a beginning), "exact phrases", and field filters
/// code:S3 disposition:refuse status:approved tag:x source:y. Any text is a valid query: signs mean nothing else, an
/// unknown field or value is searched for as words.
struct ParsedQuery {
    CaseFilter filter; ///< filter.text holds the words and phrases
    bool hasFields = false;
};
[[nodiscard]] ParsedQuery parseQuery(std::string_view text);

/// The same as an FTS5 MATCH expression with everything quoted; empty if the text holds no word.
[[nodiscard]] std::string matchAll(std::string_view text);
/// An FTS5 MATCH expression for texts that share any word with this one (retrieval); empty if it holds no word.
[[nodiscard]] std::string matchAny(std::string_view text);

/// Cases by BM25 over request, chain, answer and notes, best first, then in the order they were
/// stored. `filter.text` is not used: the words
/// come from `text` after parseQuery, whose fields are joined with `filter`. Text without words lists by id.
[[nodiscard]] Result<SearchResult> searchCases(
    const Casebase& casebase, std::string_view text, std::int64_t limit, const CaseFilter& filter = {});
[[nodiscard]] Result<SearchResult> searchCodes(const Casebase& casebase, std::string_view text, std::int64_t limit);
[[nodiscard]] Result<SearchResult> searchPrompts(const Casebase& casebase, std::string_view text, std::int64_t limit);

/// Cases first, then codes and prompts; where the query has field filters, cases only.
[[nodiscard]] Result<SearchResult> searchAll(const Casebase& casebase, std::string_view text, std::int64_t limit);

} // namespace precedent::casebase
