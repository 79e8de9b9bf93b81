#include "ui/runs/preset_words.h"

#include <utility>
#include <vector>

#include <QCoreApplication>

namespace precedent::ui {
namespace {

class Words {
    Q_DECLARE_TR_FUNCTIONS(PresetWords)
};

QString tr(const char* text) { return Words::tr(text); }

} // namespace

QString presetTitle(const QString& name)
{
    const std::vector<std::pair<QString, QString>> titles{{"quickstart", tr("Quickstart")}, {"cada", tr("CADA")}, {"da", tr("DA")},
        {"sft-cases", tr("SFT on cases")}, {"refusal-sft", tr("Refusal SFT")}, {"dpo", tr("DPO")},
        {"control-shuffled", tr("Control: shuffled")}, {"control-random", tr("Control: random")}};
    for (const auto& [known, title] : titles) {
        if (known == name)
            return title;
    }
    return name;
}

QString presetLine(const QString& name)
{
    const std::vector<std::pair<QString, QString>> lines{{"quickstart", tr("The starter, measured before and after")},
        {"cada", tr("Short codes and cases, then reinforce")}, {"da", tr("Long codes and no cases: a baseline")},
        {"sft-cases", tr("Imitate the cases' chains, no rewards")}, {"refusal-sft", tr("Learn refusals without reasoning")},
        {"dpo", tr("Prefer the best chain to the worst")},
        {"control-shuffled", tr("The quickstart with dispositions permuted over the requests")},
        {"control-random", tr("The quickstart with rewards drawn at random")}};
    for (const auto& [known, line] : lines) {
        if (known == name)
            return line;
    }
    return {};
}

} // namespace precedent::ui
