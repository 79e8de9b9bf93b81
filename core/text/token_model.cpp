#include "core/text/token_model.h"

#include <algorithm>
#include <cstdio>

namespace precedent::text {

ByteIds byteIdsOf(const TokenIds& tokenIds)
{
    ByteIds ids{};
    for (unsigned byte = 0; byte < ids.size(); ++byte) {
        std::array<char, 8> name{};
        std::snprintf(name.data(), name.size(), "<0x%02X>", byte);
        const auto found = tokenIds.find(std::string_view(name.data()));
        ids[byte] = found == tokenIds.end() ? -1 : found->second;
    }
    return ids;
}

bool appendBytes(std::string_view text, const ByteIds& byteIds, std::vector<int>& ids)
{
    const auto idOf = [&](char c) { return byteIds[static_cast<unsigned char>(c)]; };
    if (std::any_of(text.begin(), text.end(), [&](char c) { return idOf(c) < 0; }))
        return false;
    for (const char c : text)
        ids.push_back(idOf(c));
    return true;
}

} // namespace precedent::text
