#include "precedent/text/citations.h"

namespace precedent::text {
namespace {

constexpr std::size_t kLongestId = 64;

bool isLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Letters, digits, then ".part" or "-part" of letters and digits.
bool isId(std::string_view id)
{
    if (id.size() > kLongestId)
        return false;
    std::size_t i = 0;
    while (i < id.size() && isLetter(id[i]))
        ++i;
    const std::size_t letters = i;
    while (i < id.size() && isDigit(id[i]))
        ++i;
    if (letters == 0 || i == letters)
        return false;
    while (i < id.size()) {
        if (id[i] != '.' && id[i] != '-')
            return false;
        const std::size_t part = ++i;
        while (i < id.size() && (isLetter(id[i]) || isDigit(id[i])))
            ++i;
        if (i == part)
            return false;
    }
    return true;
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// Adds the ids of one bracket's inside; nothing if any part of it is not an id.
void addBracket(std::string_view inside, std::vector<std::string>& found)
{
    std::vector<std::string> ids;
    while (true) {
        const std::size_t comma = inside.find_first_of(",;");
        const std::string_view id = trimmed(inside.substr(0, comma));
        if (!isId(id))
            return;
        ids.emplace_back(id);
        if (comma == std::string_view::npos)
            break;
        inside.remove_prefix(comma + 1);
    }
    found.insert(found.end(), ids.begin(), ids.end());
}

} // namespace

std::vector<std::string> findCitations(std::string_view text)
{
    std::vector<std::string> found;
    std::size_t open = text.find('[');
    while (open != std::string_view::npos) {
        const std::size_t next = text.find_first_of("[]", open + 1);
        if (next == std::string_view::npos)
            break;
        if (text[next] == ']')
            addBracket(text.substr(open + 1, next - open - 1), found);
        open = text[next] == '[' ? next : text.find('[', next);
    }
    return found;
}

} // namespace precedent::text
