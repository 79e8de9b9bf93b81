// Fits the weights of core/text/refusal_extent.cpp: a logistic regression with a penalty on the weights' squares, over the answers that
// decline or reject and that people called a full or a partial refusal. usage: refusal_extent_fit LABELS.csv [LABELS.csv ...]
// with the columns prompt, completion and final_label of XSTest's labelled completions. Prints the weights to paste.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "core/text/answer_findings.h"
#include "core/text/refusal_extent.h"
#include "precedent/base/files.h"
#include "tests/text/csv_rows.h"

using namespace precedent;
using namespace precedent::text;

namespace {

using Features = std::array<double, kExtentFeatures>;

/// Of the weights' squares, but of the first one's, in the sum that is made least.
constexpr double kPenalty = 0.5;
constexpr int kSteps = 50;

struct Row {
    Features features;
    bool partial;
};

bool addRows(const char* path, std::vector<Row>& rows)
{
    const Result<std::string> bytes = readFile(path);
    if (!bytes) {
        std::fprintf(stderr, "%s: %s\n", path, bytes.error().message().c_str());
        return false;
    }
    const auto table = csvRows(*bytes);
    const auto columnOf = [&](const char* name) {
        return static_cast<std::size_t>(std::find(table.front().begin(), table.front().end(), name) - table.front().begin());
    };
    const std::size_t prompt = columnOf("prompt");
    const std::size_t completion = columnOf("completion");
    const std::size_t label = columnOf("final_label");
    for (std::size_t i = 1; i < table.size(); ++i) {
        if (table[i].size() <= std::max({prompt, completion, label})) {
            std::fprintf(stderr, "%s: row %zu has no prompt, completion or final_label\n", path, i);
            return false;
        }
        const Findings findings = findingsOf(table[i][prompt], table[i][completion]);
        if ((findings.declines || findings.rejects) && !table[i][label].starts_with("1"))
            rows.push_back({extentFeatures(findings), table[i][label].starts_with("3")});
    }
    return true;
}

/// Solves a positive definite system in place (Gauss); the answer is left in b.
void solve(std::array<Features, kExtentFeatures>& a, Features& b)
{
    for (std::size_t i = 0; i < kExtentFeatures; ++i) {
        for (std::size_t row = i + 1; row < kExtentFeatures; ++row) {
            const double factor = a[row][i] / a[i][i];
            for (std::size_t column = i; column < kExtentFeatures; ++column)
                a[row][column] -= factor * a[i][column];
            b[row] -= factor * b[i];
        }
    }
    for (std::size_t i = kExtentFeatures; i-- > 0;) {
        for (std::size_t column = i + 1; column < kExtentFeatures; ++column)
            b[i] -= a[i][column] * b[column];
        b[i] /= a[i][i];
    }
}

/// Newton's method: the sum is convex, and the penalty keeps its curvature above zero.
Features fit(const std::vector<Row>& rows)
{
    Features weights{};
    for (int step = 0; step < kSteps; ++step) {
        std::array<Features, kExtentFeatures> curvature{};
        Features slope{};
        for (std::size_t i = 0; i < kExtentFeatures; ++i) {
            curvature[i][i] = i == 0 ? 1e-6 : kPenalty;
            slope[i] = curvature[i][i] * weights[i];
        }
        for (const auto& [features, partial] : rows) {
            double score = 0.0;
            for (std::size_t i = 0; i < kExtentFeatures; ++i)
                score += features[i] * weights[i];
            const double chance = 1.0 / (1.0 + std::exp(-score));
            for (std::size_t i = 0; i < kExtentFeatures; ++i) {
                slope[i] += features[i] * (chance - (partial ? 1.0 : 0.0));
                for (std::size_t j = 0; j < kExtentFeatures; ++j)
                    curvature[i][j] += features[i] * features[j] * chance * (1.0 - chance);
            }
        }
        solve(curvature, slope);
        for (std::size_t i = 0; i < kExtentFeatures; ++i)
            weights[i] -= slope[i];
    }
    return weights;
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<Row> rows;
    for (int i = 1; i < argc; ++i) {
        if (!addRows(argv[i], rows))
            return 1;
    }
    if (rows.empty()) {
        std::fprintf(stderr, "usage: refusal_extent_fit LABELS.csv [LABELS.csv ...]\n");
        return 2;
    }
    const auto partial = std::count_if(rows.begin(), rows.end(), [](const Row& row) { return row.partial; });
    std::printf("%zu answers that decline, %td of them partial\n", rows.size(), partial);
    for (const double weight : fit(rows))
        std::printf("%.2f, ", weight);
    std::printf("\n");
    return 0;
}
