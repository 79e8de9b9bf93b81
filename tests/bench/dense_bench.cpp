// Exact search by cosine over N vectors of C numbers.
//   dense_bench [N=100000] [C=640] [QUERIES=20]
// Prints the time to build, and the median and the longest of the queries for the best 200.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "precedent/base/random.h"
#include "precedent/casebase/dense_index.h"

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds(Clock::time_point since) { return std::chrono::duration<double, std::milli>(Clock::now() - since).count(); }

} // namespace

int main(int argc, char** argv)
{
    const auto number = [&](int at, long fallback) { return static_cast<std::size_t>(argc > at ? std::atol(argv[at]) : fallback); };
    const std::size_t n = number(1, 100000), width = number(2, 640), queries = std::max<std::size_t>(1, number(3, 20));
    precedent::Random random(1);
    const auto draw = [&](std::size_t count) {
        std::vector<float> values(count);
        for (float& value : values)
            value = static_cast<float>(random.uniform() * 2 - 1);
        return values;
    };
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < n; ++i)
        ids.push_back("S1-" + std::to_string(i));
    const std::vector<float> values = draw(n * width);
    const auto start = Clock::now();
    const auto index = precedent::casebase::DenseIndex::build(ids, values, width);
    if (!index.ok()) {
        std::fprintf(stderr, "%s\n", index.error().message().c_str());
        return 1;
    }
    std::printf("%zu x %zu: built in %.0f ms\n", n, width, milliseconds(start));
    std::vector<double> times;
    std::size_t found = 0;
    for (std::size_t i = 0; i < queries; ++i) {
        const std::vector<float> query = draw(width);
        const auto begin = Clock::now();
        found += index->query(query.data(), 200).size();
        times.push_back(milliseconds(begin));
    }
    std::sort(times.begin(), times.end());
    std::printf("%zu queries, %zu found: median %.1f ms, longest %.1f ms\n", queries, found, times[times.size() / 2], times.back());
    return 0;
}
