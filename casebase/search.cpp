#include "precedent/casebase/search.h"

#include <algorithm>
#include <set>

#include "casebase/connection.h"
#include "casebase/filters.h"
#include "casebase/rows.h"
#include "casebase/text_rules.h"
#include "precedent/casebase/casebase.h"

namespace precedent::casebase {
namespace {

constexpr std::size_t kTitleBytes = 120;

bool isWordByte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

/// A piece of a typed query: a bare word or what stood between double quotes.
struct Piece {
    std::string text;
    bool quoted = false;
};

std::vector<Piece> piecesOf(std::string_view text)
{
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < text.size();) {
        if (isSpace(text[i])) {
            ++i;
        } else if (const std::size_t close = text[i] == '"' ? text.find('"', i + 1) : std::string_view::npos;
                   close != std::string_view::npos) {
            pieces.push_back({std::string(text.substr(i + 1, close - i - 1)), true});
            i = close + 1;
        } else {
            std::size_t end = i + 1;
            while (end < text.size() && !isSpace(text[end]) && text[end] != '"')
                ++end;
            pieces.push_back({std::string(text.substr(i, end - i)), false});
            i = end;
        }
    }
    return pieces;
}

/// The piece as an FTS5 string, in which only a double quote means anything; empty if it holds no word.
std::string asString(std::string_view text)
{
    if (std::none_of(text.begin(), text.end(), isWordByte))
        return {};
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\0')
            result += ' ';
        else
            result += c;
    }
    return result += '"';
}

bool takeField(const std::string& word, CaseFilter& filter)
{
    const std::size_t colon = word.find(':');
    if (colon == std::string::npos || colon + 1 == word.size())
        return false;
    const std::string field = word.substr(0, colon);
    const std::string value = word.substr(colon + 1);
    if (field == "code") {
        filter.codes.push_back(value);
    } else if (field == "disposition" && dispositionFromString(value)) {
        filter.dispositions.push_back(*dispositionFromString(value));
    } else if (field == "status" && caseStatusFromString(value)) {
        filter.statuses.push_back(*caseStatusFromString(value));
    } else if (field == "tag") {
        filter.tag = value;
    } else if (field == "source") {
        filter.source = value;
    } else {
        return false;
    }
    return true;
}

template <typename T>
void join(std::vector<T>& into, const std::vector<T>& more)
{
    into.insert(into.end(), more.begin(), more.end());
}

CaseFilter joined(const CaseFilter& a, const CaseFilter& b)
{
    CaseFilter filter = a;
    join(filter.codes, b.codes);
    join(filter.dispositions, b.dispositions);
    join(filter.statuses, b.statuses);
    if (filter.tag.empty())
        filter.tag = b.tag;
    if (filter.source.empty())
        filter.source = b.source;
    if (!filter.hasTwin)
        filter.hasTwin = b.hasTwin;
    filter.text.clear();
    return filter;
}

/// A table with its index, and how a row's title is made.
struct Place {
    const char* kind;
    std::string table;
    const char* titleColumns; ///< of the row's title: two, the second its turns where it is a request
    bool titleIsMessages;
};

const Place kCases{"case", "cases", "request, turns", true};
const Place kCodes{"code", "codes", "title, ''", false};
const Place kPrompts{"prompt", "prompts", "messages, turns", true};

SearchHit hitFrom(const Place& place, const Query& q)
{
    SearchHit hit;
    hit.kind = place.kind;
    hit.id = q.text(1);
    hit.title = place.titleIsMessages ? firstLine(lastUserText(messagesFrom(q.view(2), q.view(3))), kTitleBytes) : q.text(2);
    return hit;
}

/// Made for the hits that are shown only: over all matches it would cost more than the search.
std::string snippetOf(Connection& connection, const Place& place, const std::string& match, std::int64_t n)
{
    const std::string index = place.table + "_index";
    Query q = connection.query(
        "SELECT snippet(" + index + ", -1, '[', ']', ' ... ', 16) FROM " + index + " WHERE " + index + " MATCH ? AND rowid = ?");
    q.bind(match, n);
    return q.next() ? squeezed(q.view(0)) : std::string();
}

SearchResult searchWords(Connection& connection, const Place& place, const std::string& match, std::int64_t limit, const Where& filter)
{
    const std::string index = place.table + "_index";
    Where where;
    where.add(index + " MATCH ?", {match});
    where.append(filter);
    const std::string from = filter.empty() ? index : index + " JOIN " + place.table + " ON " + place.table + ".n = " + index + ".rowid";
    SearchResult result;
    Query count = connection.query("SELECT count(*) FROM " + from + where.sql());
    where.bindTo(count);
    count.next();
    result.total = count.integer(0);
    // The best rows first, then their texts: sorting rows that carry texts is slow.
    Query q = connection.query("SELECT t.n, t.id, " + std::string(place.titleColumns) + ", best.score FROM (SELECT " + index +
        ".rowid AS hit, bm25(" + index + ") AS score FROM " + from + where.sql() + " ORDER BY score, hit LIMIT ?) best JOIN " +
        place.table + " t ON t.n = best.hit ORDER BY best.score, best.hit");
    q.bindOne(where.bindTo(q), limit);
    while (q.next()) {
        SearchHit hit = hitFrom(place, q);
        hit.score = -q.real(4);
        hit.snippet = snippetOf(connection, place, match, q.integer(0));
        result.hits.push_back(std::move(hit));
    }
    return result;
}

SearchResult listAll(Connection& connection, const Place& place, std::int64_t limit, const Where& filter)
{
    SearchResult result;
    Query count = connection.query("SELECT count(*) FROM " + place.table + filter.sql());
    filter.bindTo(count);
    count.next();
    result.total = count.integer(0);
    Query q = connection.query(
        "SELECT n, id, " + std::string(place.titleColumns) + " FROM " + place.table + filter.sql() + " ORDER BY id LIMIT ?");
    q.bindOne(filter.bindTo(q), limit);
    while (q.next())
        result.hits.push_back(hitFrom(place, q));
    return result;
}

Result<SearchResult> searchPlace(
    const Casebase& casebase, const Place& place, const std::string& match, std::int64_t limit, const Where& filter)
{
    Connection& connection = casebase.connection();
    return connection.guarded("search " + casebase.path().string(), [&]() -> Result<SearchResult> {
        return match.empty() ? listAll(connection, place, limit, filter) : searchWords(connection, place, match, limit, filter);
    });
}

} // namespace

ParsedQuery parseQuery(std::string_view text)
{
    ParsedQuery query;
    for (const Piece& piece : piecesOf(text)) {
        if (!piece.quoted && takeField(piece.text, query.filter)) {
            query.hasFields = true;
            continue;
        }
        if (!query.filter.text.empty())
            query.filter.text += ' ';
        query.filter.text += piece.quoted ? '"' + piece.text + '"' : piece.text;
    }
    // Whether the last word is finished decides if it also counts as a beginning.
    if (!text.empty() && isSpace(text.back()) && !query.filter.text.empty())
        query.filter.text += ' ';
    return query;
}

std::string matchAll(std::string_view text)
{
    std::string match;
    bool lastIsWord = false;
    for (const Piece& piece : piecesOf(text)) {
        const std::string term = asString(piece.text);
        if (term.empty())
            continue;
        match += match.empty() ? term : " AND " + term;
        lastIsWord = !piece.quoted;
    }
    const bool finished = text.empty() || !isWordByte(text.back());
    return lastIsWord && !finished ? match + " *" : match;
}

std::string matchAny(std::string_view text)
{
    std::set<std::string> seen;
    std::string match;
    for (std::size_t i = 0; i < text.size();) {
        if (!isWordByte(text[i])) {
            ++i;
            continue;
        }
        std::size_t end = i;
        std::string word;
        for (; end < text.size() && isWordByte(text[end]); ++end)
            word += text[end] >= 'A' && text[end] <= 'Z' ? static_cast<char>(text[end] - 'A' + 'a') : text[end];
        i = end;
        if (seen.insert(word).second)
            match += (match.empty() ? "\"" : " OR \"") + word + '"';
    }
    return match;
}

Result<SearchResult> searchCases(const Casebase& casebase, std::string_view text, std::int64_t limit, const CaseFilter& filter)
{
    const ParsedQuery query = parseQuery(text);
    return searchPlace(casebase, kCases, matchAll(query.filter.text), limit, whereOf(joined(query.filter, filter)));
}

Result<SearchResult> searchCodes(const Casebase& casebase, std::string_view text, std::int64_t limit)
{
    return searchPlace(casebase, kCodes, matchAll(text), limit, {});
}

Result<SearchResult> searchPrompts(const Casebase& casebase, std::string_view text, std::int64_t limit)
{
    return searchPlace(casebase, kPrompts, matchAll(text), limit, {});
}

Result<SearchResult> searchAll(const Casebase& casebase, std::string_view text, std::int64_t limit)
{
    auto result = searchCases(casebase, text, limit);
    if (!result.ok() || parseQuery(text).hasFields)
        return result;
    for (auto* search : {&searchCodes, &searchPrompts}) {
        const auto left = limit - static_cast<std::int64_t>(result->hits.size());
        auto more = search(casebase, text, left);
        if (!more.ok())
            return more.error();
        result->total += more->total;
        result->hits.insert(result->hits.end(), more->hits.begin(), more->hits.end());
    }
    return result;
}

} // namespace precedent::casebase
