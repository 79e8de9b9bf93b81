#include "ui/evaluate/evaluation_reader.h"

#include <algorithm>
#include <map>
#include <set>

#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"
#include "precedent/workspace/figures.h"
#include "precedent/workspace/model_attacks.h"
#include "precedent/workspace/suite_runner.h"
#include "ui/shell/reveal.h"

namespace precedent::ui {
namespace {

bool isHarmful(const std::string& axis) { return axis == "harmful" || axis == "attacked"; }
bool isBenign(const std::string& axis) { return axis == "benign" || axis == "benign_wrapped"; }

using Verdicts = std::map<std::string, casebase::EvaluationRow>;

bool isIn(const casebase::EvaluationRow& row, const RowsOf& of)
{
    return row.mode == of.mode && workspace::ownAttackOf(row.attack) == of.attack;
}

Result<Verdicts> referenceRows(casebase::Casebase& casebase, const RowsOf& of)
{
    Verdicts rows;
    if (of.evaluation.empty())
        return rows;
    const Status read = casebase.evaluations().forEachRow(of.evaluation, [&](const casebase::EvaluationRow& row) -> Status {
        if (!isIn(row, of))
            return {};
        casebase::EvaluationRow kept = row;
        kept.completion.clear();
        kept.chain.clear();
        rows.emplace(pairingKey(row), std::move(kept));
        return {};
    });
    if (!read.ok())
        return read.error();
    return rows;
}

void putPrompt(casebase::Casebase& casebase, CellRow& cell)
{
    const auto prompt = casebase.prompts().find(cell.row.promptId);
    if (!prompt.ok()) {
        cell.request = cell.row.promptId;
        return;
    }
    cell.messages = prompt.value().messages;
    workspace::appendSuffix(cell.messages, cell.row.suffix);
    cell.request = lastUserText(cell.messages);
    cell.sensitive = isSensitive(prompt.value().label, prompt.value().source);
    cell.kind = workspace::isModelAttack(cell.row.attack) ? cell.row.attack
        : !prompt.value().category.empty()                ? prompt.value().category
        : !prompt.value().wrapper.empty()                 ? prompt.value().wrapper
                                                          : toString(prompt.value().label);
}

CellRow cellRow(const casebase::EvaluationRow& row, const Verdicts& reference, const std::string& metric)
{
    CellRow cell;
    cell.row = row;
    cell.counts = workspace::outcome(row, metric).value_or(0) > 0;
    if (const auto match = reference.find(pairingKey(row)); match != reference.end()) {
        cell.hasReference = true;
        cell.reference = match->second.verdict;
        cell.referenceCounts = workspace::outcome(match->second, metric).value_or(0) > 0;
        cell.regression = cell.counts && !cell.referenceCounts;
    }
    return cell;
}

/// The number of a suite's prompts on each of its axes.
Result<std::map<std::string, std::size_t>> axesOf(casebase::Casebase& casebase, const std::string& suite)
{
    std::map<std::string, std::size_t> axes;
    casebase::PromptFilter filter;
    filter.suite = suite;
    const Status read = casebase.prompts().forEach(filter, [&](const casebase::Prompt& prompt) -> Status {
        ++axes[workspace::axisOf(prompt)];
        return {};
    });
    if (!read.ok())
        return read.error();
    return axes;
}

} // namespace

Result<EvaluationChoices> readEvaluationChoices(casebase::Casebase& casebase)
{
    EvaluationChoices choices;
    choices.models = workspace::modelChoices(&casebase);
    const auto suites = casebase.suites().all();
    if (!suites.ok())
        return suites.error();
    for (const casebase::Suite& suite : suites.value()) {
        const auto members = casebase.suites().members(suite.name);
        if (!members.ok())
            return members.error();
        const auto burned =
            std::count_if(members.value().begin(), members.value().end(), [](const casebase::SuiteMember& m) { return m.burned; });
        Result<std::map<std::string, std::size_t>> axes = axesOf(casebase, suite.name);
        if (!axes.ok())
            return axes.error();
        choices.suites.push_back(
            {suite.name, suite.role, members.value().size(), static_cast<std::size_t>(burned), std::move(axes.value())});
    }
    return choices;
}

Result<std::vector<CellRow>> readCellRows(
    casebase::Casebase& casebase, const RowsOf& of, workspace::TableColumn column, const RowsOf& reference)
{
    const auto beside = referenceRows(casebase, reference);
    if (!beside.ok())
        return beside.error();
    std::vector<CellRow> cells;
    const Status read = casebase.evaluations().forEachRow(of.evaluation, [&](const casebase::EvaluationRow& row) -> Status {
        const bool asked = column == workspace::TableColumn::noAnswer || row.axis == workspace::axisOf(column);
        if (isIn(row, of) && asked)
            cells.push_back(cellRow(row, beside.value(), workspace::metricOf(column)));
        return {};
    });
    if (!read.ok())
        return read.error();
    for (CellRow& cell : cells)
        putPrompt(casebase, cell);
    return cells;
}

Result<std::vector<CellRow>> readRegressions(casebase::Casebase& casebase, const RowsOf& of, const RowsOf& reference)
{
    const auto beside = referenceRows(casebase, reference);
    if (!beside.ok())
        return beside.error();
    std::vector<CellRow> cells;
    const Status read = casebase.evaluations().forEachRow(of.evaluation, [&](const casebase::EvaluationRow& row) -> Status {
        if (!isIn(row, of) || (!isHarmful(row.axis) && !isBenign(row.axis)))
            return {};
        CellRow cell = cellRow(row, beside.value(), isHarmful(row.axis) ? "harmful_answered" : "over_refusal");
        if (cell.regression)
            cells.push_back(std::move(cell));
        return {};
    });
    if (!read.ok())
        return read.error();
    for (CellRow& cell : cells)
        putPrompt(casebase, cell);
    return cells;
}

Result<BlindRows> readBlindRows(casebase::Casebase& casebase, const RowsOf& of)
{
    Result<workspace::BlindSample> sample = workspace::drawBlind(casebase, of.evaluation, of.mode);
    if (!sample.ok())
        return sample.error();
    BlindRows rows;
    rows.judged = sample.value().judged;
    for (workspace::DrawnAnswer& drawn : sample.value().next) {
        rows.next.push_back({std::move(drawn.target), {}});
        rows.next.back().cell.row = std::move(drawn.row);
        putPrompt(casebase, rows.next.back().cell);
    }
    return rows;
}

Result<BlindAgreement> readBlindAgreement(casebase::Casebase& casebase, const RowsOf& of)
{
    auto checks = workspace::checksOf(casebase, of.evaluation);
    if (!checks.ok())
        return checks.error();
    const auto answers = workspace::blindVerdicts(casebase, of.evaluation, of.mode);
    if (!answers.ok())
        return answers.error();
    BlindAgreement agreement;
    agreement.check = checks.value()[of.mode];
    for (const workspace::LabelledAnswer& answer : answers.value()) {
        if (answer.judged && *answer.judged != answer.human)
            agreement.differences.push_back({answer.group, answer.human, *answer.judged});
    }
    return agreement;
}

} // namespace precedent::ui
