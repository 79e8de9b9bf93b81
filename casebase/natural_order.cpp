#include "casebase/natural_order.h"

#include <algorithm>

namespace precedent::casebase {
namespace {

/// Numbers of this many digits and more are led by a 9 and how many they have, shorter ones by that alone: one byte, and a digit, so
/// that a number stands among other characters where its digits would.
constexpr std::size_t kLongNumber = 9;
constexpr std::size_t kLengthDigits = 9;

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits at `at` off a text; leading zeros dropped.
std::string_view takeNumber(std::string_view text, std::size_t& at)
{
    while (at + 1 < text.size() && text[at] == '0' && isDigit(text[at + 1]))
        ++at;
    const std::size_t from = at;
    while (at < text.size() && isDigit(text[at]))
        ++at;
    return text.substr(from, at - from);
}

} // namespace

bool naturallyBefore(std::string_view a, std::string_view b)
{
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (isDigit(a[i]) && isDigit(b[j])) {
            const std::string_view x = takeNumber(a, i);
            const std::string_view y = takeNumber(b, j);
            if (x.size() != y.size())
                return x.size() < y.size();
            if (x != y)
                return x < y;
        } else {
            if (a[i] != b[j])
                return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
            ++i;
            ++j;
        }
    }
    if (i < a.size() || j < b.size())
        return j < b.size();
    return a < b;
}

std::string naturalKey(std::string_view id)
{
    std::string key;
    key.reserve(2 * id.size() + 8);
    for (std::size_t i = 0; i < id.size();) {
        if (!isDigit(id[i])) {
            key += id[i++];
            continue;
        }
        const std::string_view number = takeNumber(id, i);
        if (number.size() < kLongNumber) {
            key += static_cast<char>('0' + number.size());
        } else {
            const std::string length = std::to_string(number.size());
            key += '9';
            key.append(kLengthDigits - std::min(kLengthDigits, length.size()), '0').append(length);
        }
        key += number;
    }
    // Ties (S3-9 and S3-009) by bytes; a lowest byte first, so that what ends here comes before what goes on.
    if (!key.empty())
        (key += '\x01') += id;
    return key;
}

} // namespace precedent::casebase
