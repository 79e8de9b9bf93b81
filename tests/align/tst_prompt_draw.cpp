#include <QtTest/QtTest>

#include <cmath>
#include <map>

#include "precedent/align/prompt_draw.h"
#include "precedent/align/rewards.h"

using namespace precedent;
using namespace precedent::align;

namespace {

/// 240 requests of which most are harmful, as collected ones are; a draw by the weights is mostly harmless.
std::vector<core::TrainingPrompt> mostlyHarmful()
{
    std::vector<core::TrainingPrompt> prompts;
    const auto add = [&](PromptLabel label, Disposition expected, int n) {
        for (int i = 0; i < n; ++i) {
            core::TrainingPrompt prompt;
            prompt.id = std::to_string(prompts.size());
            prompt.label = label;
            prompt.expected = expected;
            prompts.push_back(prompt);
        }
    };
    add(PromptLabel::harmful, Disposition::refuse, 150);
    add(PromptLabel::attack, Disposition::refuse, 20);
    add(PromptLabel::attack, Disposition::comply, 10);
    add(PromptLabel::benign, Disposition::comply, 30);
    add(PromptLabel::benign, Disposition::safeComplete, 20);
    add(PromptLabel::benign, Disposition::unknown, 4);
    add(PromptLabel::utility, Disposition::comply, 6);
    return prompts;
}

core::RunSpec shuffled(std::uint64_t seed)
{
    core::RunSpec spec;
    spec.seed = seed;
    spec.control = core::Control::shuffledDispositions;
    spec.labelWeights = {{"harmful", 0.25}, {"attack", 0.1}, {"benign", 0.65}};
    return spec;
}

/// The share of prompts of a label that deserve this.
double share(const std::vector<core::TrainingPrompt>& prompts, PromptLabel label, Disposition expected)
{
    double all = 0, of = 0;
    for (const core::TrainingPrompt& prompt : prompts) {
        if (prompt.label != label || prompt.expected == Disposition::unknown)
            continue;
        all += 1;
        of += prompt.expected == expected ? 1 : 0;
    }
    return of / all;
}

} // namespace

class TestPromptDraw : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void withoutTheControlPromptsStay()
    {
        core::RunSpec spec = shuffled(1);
        for (const core::Control control : {core::Control::off, core::Control::randomRewards}) {
            spec.control = control;
            const auto prompts = mostlyHarmful();
            const auto same = controlledPrompts(spec, prompts);
            QCOMPARE(same.size(), prompts.size());
            for (std::size_t i = 0; i < prompts.size(); ++i)
                QVERIFY(same[i].id == prompts[i].id && same[i].expected == prompts[i].expected);
        }
    }

    void dispositionsSayNothingOfTheLabelAndAreDrawnAsOften()
    {
        const auto prompts = mostlyHarmful();
        const core::RunSpec spec = shuffled(1);
        const auto controlled = controlledPrompts(spec, prompts);
        // What is drawn, by hand: refusals are all of harmful and two thirds of attack; of benign 54 in all, 4 are of unknown disposition.
        const double known = 0.25 + 0.1 + 0.65 * 50 / 54;
        const std::map<Disposition, double> drawn = {{Disposition::refuse, (0.25 + 0.1 * 2 / 3) / known},
            {Disposition::comply, (0.1 / 3 + 0.65 * 30 / 54) / known}, {Disposition::safeComplete, 0.65 * 20 / 54 / known}};
        for (const auto& [label, n] :
            {std::pair(PromptLabel::harmful, 150), std::pair(PromptLabel::attack, 30), std::pair(PromptLabel::benign, 50)}) {
            for (const auto& [disposition, wanted] : drawn)
                QVERIFY2(std::abs(share(controlled, label, disposition) - wanted) <= 1.0 / n,
                    qPrintable(QString("%1 %2: %3, not %4")
                                   .arg(toString(label), toString(disposition))
                                   .arg(share(controlled, label, disposition))
                                   .arg(wanted)));
        }
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            QCOMPARE(controlled[i].id, prompts[i].id);
            if (prompts[i].label == PromptLabel::utility || prompts[i].expected == Disposition::unknown)
                QVERIFY(controlled[i].expected == prompts[i].expected);
        }
    }

    void constantPoliciesEarnWhatTheyDoWithoutTheControl()
    {
        const auto prompts = mostlyHarmful();
        for (const bool weighted : {true, false}) {
            core::RunSpec spec = shuffled(3);
            if (!weighted)
                spec.labelWeights.clear();
            const auto under = degenerateEarnings(spec, prompts, {});
            spec.control = core::Control::off;
            const auto without = degenerateEarnings(spec, prompts, {});
            for (std::size_t i = 0; i < under.size(); ++i)
                QVERIFY2(std::abs(under[i].overall - without[i].overall) < 0.02,
                    qPrintable(QString("%1: %2 and %3").arg(under[i].policy.c_str()).arg(under[i].overall).arg(without[i].overall)));
            // One that tells harmful from harmless gains nothing by it any more.
            QVERIFY(std::abs(under[0].byLabel.at("harmful") - under[0].byLabel.at("benign")) < 0.05);
            QVERIFY(without[0].byLabel.at("harmful") - without[0].byLabel.at("benign") > 0.5);
        }
    }

    void theSeedDecides()
    {
        const auto prompts = mostlyHarmful();
        const auto dealt = [&](std::uint64_t seed) {
            std::vector<Disposition> all;
            for (const core::TrainingPrompt& prompt : controlledPrompts(shuffled(seed), prompts))
                all.push_back(prompt.expected);
            return all;
        };
        QVERIFY(dealt(1) == dealt(1));
        QVERIFY(dealt(1) != dealt(2));
    }

    void nothingToDealIsLeftAlone()
    {
        QVERIFY(controlledPrompts(shuffled(1), {}).empty());
        core::RunSpec spec = shuffled(1);
        spec.labelWeights = {{"utility", 1.0}}; // of what has dispositions nothing is drawn
        const auto prompts = mostlyHarmful();
        const auto controlled = controlledPrompts(spec, prompts);
        for (std::size_t i = 0; i < prompts.size(); ++i)
            QVERIFY(controlled[i].expected == prompts[i].expected);
    }
};

QTEST_GUILESS_MAIN(TestPromptDraw)
#include "tst_prompt_draw.moc"
