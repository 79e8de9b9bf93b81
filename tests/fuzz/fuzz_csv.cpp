// Any bytes are read or refused, and where the reads happen to be cut changes nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "precedent/casebase/csv_reader.h"

namespace {

struct Outcome {
    std::vector<std::vector<std::string>> records;
    std::string error;

    bool operator==(const Outcome&) const = default;
};

Outcome readInSteps(const std::string& bytes, std::size_t step)
{
    using namespace precedent;
    std::size_t at = 0;
    casebase::CsvReader reader(
        [&](char* buffer, std::size_t size) -> Result<std::size_t> {
            const std::size_t n = std::min({step, size, bytes.size() - at});
            bytes.copy(buffer, n, at);
            at += n;
            return n;
        },
        {',', 64});
    Outcome outcome;
    casebase::CsvRecord record;
    while (true) {
        const auto any = reader.next(record);
        if (!any.ok()) {
            outcome.error = any.error().message();
            return outcome;
        }
        if (!*any)
            return outcome;
        outcome.records.emplace_back(record.fields.begin(), record.fields.end());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    // A byte order mark is only looked for in the first read, which files give whole.
    const std::size_t step = 4 + data[0] % 13;
    if (!(readInSteps(bytes, step) == readInSteps(bytes, bytes.size() + 1)))
        std::abort();
    return 0;
}
