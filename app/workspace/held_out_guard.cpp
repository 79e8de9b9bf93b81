#include "precedent/workspace/held_out_guard.h"

#include "precedent/casebase/prompt_store.h"
#include "precedent/casebase/suite_store.h"

namespace precedent::workspace {
namespace {

std::string comparable(const std::string& text)
{
    std::string joined;
    for (const std::string& word : casebase::comparableWords(text))
        joined += word + ' ';
    return joined;
}

std::optional<Overlap> lookUp(const std::map<std::string, std::string>& index, const std::string& key, const char* kind)
{
    if (key.empty())
        return std::nullopt;
    const auto found = index.find(key);
    if (found == index.end())
        return std::nullopt;
    return Overlap{kind, found->second};
}

void insert(std::map<std::string, std::string>& index, const std::string& key, const std::string& prompt)
{
    if (!key.empty())
        index.emplace(key, prompt);
}

} // namespace

Result<HeldOutGuard> HeldOutGuard::forSealedSuites(const casebase::Casebase& casebase)
{
    HeldOutGuard guard;
    const Result<std::vector<std::string>> suites = casebase.suites().named(casebase::SuiteRole::sealed);
    if (!suites)
        return suites.error();
    for (const std::string& suite : *suites) {
        casebase::PromptFilter filter;
        filter.suite = suite;
        PRECEDENT_TRY(casebase.prompts().forEach(filter, [&](const casebase::Prompt& prompt) -> Status {
            guard.add(prompt);
            return {};
        }));
    }
    return guard;
}

void HeldOutGuard::add(const casebase::Prompt& prompt)
{
    if (!m_members.insert(prompt.id).second)
        return;
    const std::string request = lastUserText(prompt.messages);
    insert(m_exact, comparable(request), prompt.id);
    insert(m_goals, prompt.goalId, prompt.id);
    insert(m_goals, prompt.id, prompt.id);
    insert(m_siblings, prompt.siblingId, prompt.id);
    insert(m_families, prompt.family, prompt.id);
    insert(m_wrappers, prompt.wrapper, prompt.id);
    insert(m_cases, prompt.sourceCaseId, prompt.id);
    m_nearDuplicates.add(prompt.id, request);
}

std::optional<Overlap> HeldOutGuard::textOverlap(const std::string& request) const
{
    if (auto overlap = lookUp(m_exact, comparable(request), "exact"))
        return overlap;
    const std::vector<std::string> near = m_nearDuplicates.find(request);
    if (near.empty())
        return std::nullopt;
    return Overlap{"near-duplicate", near.front()};
}

std::optional<Overlap> HeldOutGuard::overlapOf(const casebase::Prompt& prompt) const
{
    if (m_members.count(prompt.id) != 0)
        return Overlap{"member", prompt.id};
    for (const auto& [index, key, kind] : {std::tuple{&m_goals, &prompt.goalId, "goal"}, std::tuple{&m_goals, &prompt.id, "goal"},
             std::tuple{&m_siblings, &prompt.id, "twin"}, std::tuple{&m_families, &prompt.family, "family"},
             std::tuple{&m_wrappers, &prompt.wrapper, "wrapper family"}, std::tuple{&m_cases, &prompt.sourceCaseId, "case"}}) {
        if (auto overlap = lookUp(*index, *key, kind))
            return overlap;
    }
    if (m_members.count(prompt.siblingId) != 0)
        return Overlap{"twin", prompt.siblingId};
    return textOverlap(lastUserText(prompt.messages));
}

std::optional<Overlap> HeldOutGuard::overlapOf(const casebase::Case& value) const
{
    if (auto overlap = lookUp(m_cases, value.id, "case"))
        return overlap;
    if (auto overlap = lookUp(m_cases, value.twinId, "twin"))
        return overlap;
    return textOverlap(lastUserText(value.request));
}

} // namespace precedent::workspace
