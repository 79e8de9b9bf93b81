#include "precedent/workspace/asking.h"

#include <algorithm>
#include <optional>

#include "precedent/align/context_budget.h"
#include "precedent/align/templates.h"
#include "precedent/base/digest.h"
#include "precedent/casebase/case_store.h"
#include "precedent/casebase/code_store.h"
#include "precedent/text/citations.h"
#include "precedent/text/refusal_analysis.h"
#include "precedent/workspace/case_retriever.h"
#include "precedent/workspace/model_attacks.h"
#include "precedent/workspace/model_source.h"
#include "precedent/workspace/precedent_set.h"

namespace precedent::workspace {
namespace {

constexpr std::size_t kTitleLength = 120;

std::string startOf(const std::string& text)
{
    std::string start = text.substr(0, kTitleLength);
    // Not in the middle of a character.
    while (start.size() < text.size() && !start.empty() && (static_cast<unsigned char>(text[start.size()]) & 0xC0U) == 0x80U)
        start.pop_back();
    std::replace(start.begin(), start.end(), '\n', ' ');
    return start;
}

Result<bool> exists(const casebase::Casebase* casebase, const std::string& id)
{
    if (casebase == nullptr)
        return false;
    const auto known = [](const auto& found) -> Result<bool> {
        if (found)
            return true;
        return found.error().code() == ErrorCode::notFound ? Result<bool>(false) : Result<bool>(found.error());
    };
    const Result<bool> code = known(casebase->codes().find(id));
    return !code || code.value() ? code : known(casebase->cases().find(id));
}

Result<std::vector<AskAnswer::Citation>> citationsOf(
    const std::string& chain, const std::vector<AskPrompt::Shown>& shown, const casebase::Casebase* casebase)
{
    std::set<std::string> inContext;
    for (const AskPrompt::Shown& item : shown)
        inContext.insert(item.id);
    std::vector<AskAnswer::Citation> citations;
    std::set<std::string> seen;
    for (const std::string& id : text::findCitations(chain)) {
        if (!seen.insert(id).second)
            continue;
        const bool isShown = inContext.count(id) != 0;
        const Result<bool> known = isShown ? Result<bool>(true) : exists(casebase, id);
        if (!known)
            return known.error();
        citations.push_back({id, isShown, known.value()});
    }
    return citations;
}

Result<core::ContextTemplates> templatesOf(const std::filesystem::path& modelFolder, const align::PromptEncoder& encoder)
{
    const Result<std::filesystem::path> folder = align::templateFolderFor(modelFolder);
    if (!folder)
        return folder.error();
    Result<core::ContextTemplates> templates = align::loadTemplates(folder.value());
    if (!templates)
        return templates.error();
    return encoder.fitted(std::move(*templates));
}

/// Tokens up to the one that closes the chain; 0 where none does.
std::size_t tokensOfChain(const core::Completion& completion, const AskedModel& asked)
{
    text::StreamDecoder stream(asked.encoder.sharedTokenizer());
    std::string text;
    for (std::size_t i = 0; i < completion.ids.size(); ++i) {
        text += stream.push(completion.ids[i]);
        if (text.find(asked.templates.chainClose) != std::string::npos)
            return i + 1;
    }
    return 0;
}

Result<AskAnswer> judged(
    const AskPrompt& prompt, const core::Completion& completion, const AskedModel& asked, const casebase::Casebase* casebase)
{
    AskAnswer answer;
    answer.text = prompt.begun + asked.encoder.completionText(completion.ids);
    const text::ParsedCompletion parsed = asked.encoder.parse(answer.text, asked.templates);
    answer.writtenChain = parsed.chain;
    answer.chain = withIds(parsed.chain, prompt.aliases);
    answer.answer = withIds(parsed.answer, prompt.aliases);
    answer.parseProblem = parsed.problem;
    answer.tokens = completion.ids.size();
    answer.chainTokens = tokensOfChain(completion, asked);
    answer.stopped = completion.stopReason == core::StopReason::cancelled;
    answer.judge = text::analysisName();
    const bool whole = completion.stopReason == core::StopReason::stopId || asked.encoder.endsAtStopText(completion.ids);
    if (answer.stopped) {
        answer.reasons.emplace_back("The answer was stopped before its end.");
    } else if (!whole) {
        answer.reasons.emplace_back("The answer was cut off at its length limit.");
    } else {
        text::Analysis analysis = text::analyseAnswer(lastUserText(prompt.request.messages), parsed.answer);
        answer.verdict = analysis.verdict;
        answer.reasons = std::move(analysis.reasons);
    }
    Result<std::vector<AskAnswer::Citation>> citations = citationsOf(answer.chain, prompt.shown, casebase);
    if (!citations)
        return citations.error();
    answer.citations = std::move(*citations);
    return answer;
}

} // namespace

Result<AskedModel> loadAsked(core::Engine& engine, const core::LoadOptions& what)
{
    Result<align::PromptEncoder> encoder = align::PromptEncoder::load(what.folder);
    if (!encoder)
        return encoder.error();
    Result<core::ContextTemplates> templates = templatesOf(what.folder, *encoder);
    if (!templates)
        return templates.error();
    Result<std::shared_ptr<core::Model>> model = engine.load(what);
    if (!model)
        return model.error();
    return AskedModel{std::move(*encoder), std::move(*templates), std::move(*model)};
}

struct Asker::Precedents {
    std::optional<std::vector<core::Code>> codes;
    std::vector<core::Case> cases; ///< approved ones; the retriever's
    std::map<std::string, std::string> sources; ///< by the case's id
    CaseChoice choice; ///< the retriever's; how many are shown is each request's
    std::optional<CaseRetriever> retriever;
};

Asker::Asker()
    : m_precedents(std::make_unique<Precedents>())
{
}

Asker::~Asker() = default;

void Asker::setVectors(std::shared_ptr<TextVectors> vectors)
{
    if (m_vectors == vectors)
        return;
    m_vectors = std::move(vectors);
    m_precedents->retriever.reset();
}

void Asker::forget() { m_precedents = std::make_unique<Precedents>(); }

Status Asker::readCodes(const casebase::Casebase& casebase)
{
    if (m_precedents->codes)
        return {};
    const Result<std::vector<casebase::Code>> codes = casebase.codes().all();
    if (!codes)
        return codes.error();
    std::vector<core::Code> read;
    for (const casebase::Code& code : codes.value())
        read.push_back(frozenCode(code));
    m_precedents->codes = std::move(read);
    return {};
}

Status Asker::readCases(const casebase::Casebase& casebase, const CaseChoice& choice, const std::stop_token& stop)
{
    CaseChoice wanted = choice;
    wanted.casesPerPrompt = 0;
    if (m_precedents->retriever && m_precedents->choice == wanted)
        return {};
    m_precedents->retriever.reset();
    casebase::CaseFilter approved;
    approved.statuses = {casebase::CaseStatus::approved};
    std::vector<core::Case> read;
    std::map<std::string, std::string> sources;
    PRECEDENT_TRY(casebase.cases().forEach(approved, [&](const casebase::Case& value) -> Status {
        if (value.disposition == Disposition::unknown)
            return {};
        read.push_back(frozenCase(value));
        sources.emplace(value.id, value.source);
        return {};
    }));
    m_precedents->cases = std::move(read);
    m_precedents->sources = std::move(sources);
    Result<CaseRetriever> retriever = CaseRetriever::build(m_precedents->cases, choice, casebase, m_vectors, stop);
    if (!retriever)
        return retriever.error();
    PRECEDENT_TRY(retriever->checkNamed());
    m_precedents->choice = std::move(wanted);
    m_precedents->retriever.emplace(std::move(*retriever));
    return {};
}

Result<AskPrompt> Asker::prepare(const AskRequest& request, const casebase::Casebase* casebase, const align::PromptEncoder& encoder,
    const core::ContextTemplates& templates, int contextLength, const std::stop_token& stop)
{
    if (lastUserText(request.messages).empty())
        return Error(ErrorCode::invalidArgument, "There is nothing to ask: the request is empty.");
    if (request.mode != Mode::none && casebase == nullptr)
        return Error(ErrorCode::invalidArgument,
            std::string("Mode ") + precedent::toString(request.mode) + " takes its codes and cases from a casebase, and none is named.",
            "Name one with --casebase, or ask in mode none.");
    std::vector<core::Code> codes;
    if (request.mode != Mode::none) {
        PRECEDENT_TRY(readCodes(*casebase));
        for (const core::Code& code : *m_precedents->codes) {
            if (request.without.count(code.id) == 0)
                codes.push_back(code);
        }
    }
    CaseRetriever::Chosen chosen;
    if (request.mode == Mode::cases) {
        PRECEDENT_TRY(readCases(*casebase, request.cases, stop));
        CaseRetriever::Query query;
        query.text = lastUserText(request.messages);
        query.seed = request.sampling.seed;
        query.barNearDuplicates = request.of != nullptr;
        if (request.of != nullptr) {
            query.ownCase = request.of->id;
            if (!request.of->twinId.empty())
                query.declaredTwins = {request.of->twinId};
        }
        auto found = m_precedents->retriever->retrieve(query, static_cast<std::size_t>(request.cases.casesPerPrompt));
        if (!found)
            return found.error();
        chosen = std::move(*found);
        const auto isLeftOut = [&](const core::Case* value) { return request.without.count(value->id) != 0; };
        const auto firmEnd = chosen.cases.begin() + static_cast<std::ptrdiff_t>(chosen.firm);
        chosen.firm -= static_cast<std::size_t>(std::count_if(chosen.cases.begin(), firmEnd, isLeftOut));
        std::erase_if(chosen.cases, isLeftOut);
    }
    const std::string begun = begunTurn({request.beginChain, request.beginAnswer, false}, templates);
    const int budget = contextLength - request.sampling.maxTokens - static_cast<int>(encoder.encode(begun).size());
    Result<align::FittedPrompt> fit = align::fitPrompt(
        encoder, templates, request.mode, codes, std::move(chosen.cases), request.messages, request.sampling.seed, budget, chosen.firm);
    if (!fit)
        return fit.error();
    align::FittedPrompt& fitted = *fit;
    if (!fitted.fits)
        return Error(ErrorCode::invalidArgument,
            "The prompt has " + std::to_string(fitted.ids.size()) +
                " tokens with codes, request and named cases alone; the model's context leaves " + std::to_string(budget) +
                " beside an answer of " + std::to_string(request.sampling.maxTokens) + ".",
            "Choose a mode with a shorter context, fewer answer tokens, or a model with more positions. Nothing is cut silently.");
    if (!begun.empty()) {
        fitted.rendered += begun;
        fitted.ids = encoder.encode(fitted.rendered);
    }
    AskPrompt prompt{
        request, std::move(fitted.rendered), std::move(fitted.ids), begun, {}, fitted.casesDropped, std::move(fitted.context.aliases)};
    for (const std::string& id : fitted.context.codesInContext) {
        const auto code = std::find_if(codes.begin(), codes.end(), [&](const core::Code& c) { return c.id == id; });
        prompt.shown.push_back({id, false, code == codes.end() ? std::string() : code->title, Disposition::unknown, {}});
    }
    for (const std::string& id : fitted.context.casesInContext) {
        const core::Case* value = m_precedents->retriever->find(id);
        prompt.shown.push_back({id, true, startOf(lastUserText(value->request)), value->disposition, m_precedents->sources.at(id)});
    }
    return prompt;
}

Result<PromptPreview> previewPrompt(const casebase::Casebase& casebase, const casebase::Case& value, Mode mode, int casesPerPrompt,
    const std::filesystem::path& modelFolder)
{
    const Result<align::PromptEncoder> encoder = align::PromptEncoder::load(modelFolder);
    if (!encoder)
        return encoder.error();
    const Result<core::ContextTemplates> templates = templatesOf(modelFolder, *encoder);
    if (!templates)
        return templates.error();
    const Result<int> contextLength = contextLengthOf(modelFolder);
    if (!contextLength)
        return contextLength.error();
    AskRequest request;
    request.messages = value.request;
    request.mode = mode;
    request.cases.casesPerPrompt = casesPerPrompt;
    request.sampling.maxTokens = 0; // nothing is written
    request.of = &value;
    const Result<AskPrompt> prompt = Asker().prepare(request, &casebase, encoder.value(), templates.value(), contextLength.value());
    if (!prompt)
        return prompt.error();
    PromptPreview preview{prompt.value().rendered, prompt.value().ids.size(), {}, prompt.value().casesDropped};
    for (const AskPrompt::Shown& item : prompt.value().shown) {
        if (item.isCase)
            preview.cases.push_back(item);
    }
    return preview;
}

Result<std::vector<AskAnswer>> answerAll(const std::vector<AskPrompt>& prompts, const AskedModel& asked, const casebase::Casebase* casebase,
    AskObserver* observer, std::stop_token stop)
{
    std::vector<AskAnswer> answers(prompts.size());
    if (prompts.empty())
        return answers;
    core::GenerationRequest generation;
    generation.sampling = prompts.front().request.sampling;
    generation.stopIds = asked.encoder.stopIds();
    std::vector<text::StreamDecoder> streams;
    for (const AskPrompt& prompt : prompts) {
        generation.prompts.push_back({prompt.ids, 1, prompt.request.sampling.seed});
        streams.emplace_back(asked.encoder.sharedTokenizer());
    }
    core::TokenSink onToken;
    core::CompletionSink onCompletion;
    std::set<std::size_t> told;
    Status trouble;
    const auto take = [&](const core::Completion& completion) {
        const auto at = static_cast<std::size_t>(completion.prompt);
        Result<AskAnswer> answer = judged(prompts[at], completion, asked, casebase);
        if (!answer) {
            trouble = answer.error();
            return;
        }
        answers[at] = std::move(*answer);
        told.insert(at);
        if (observer != nullptr)
            observer->ended(at, answers[at]);
    };
    if (observer != nullptr) {
        onToken = [&](int prompt, int, int id) {
            const auto at = static_cast<std::size_t>(prompt);
            if (const std::string piece = streams[at].push(id); !piece.empty())
                observer->wrote(at, piece);
        };
        onCompletion = take;
    }
    const Result<core::GenerationResult> result = asked.model->generate(generation, stop, onToken, onCompletion);
    if (!result)
        return result.error();
    for (const core::Completion& completion : result.value().completions) {
        if (told.count(static_cast<std::size_t>(completion.prompt)) == 0)
            take(completion);
    }
    if (!trouble.ok())
        return trouble.error();
    // What was stopped before its first token has no completion.
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (told.count(i) == 0) {
            answers[i].stopped = true;
            answers[i].reasons.emplace_back("The answer was stopped before it began.");
            if (observer != nullptr)
                observer->ended(i, answers[i]);
        }
    }
    return answers;
}

std::string withIds(const std::string& text, const std::map<std::string, std::string>& aliases)
{
    if (aliases.empty())
        return text;
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t open = text.find('[', at);
        const std::size_t close = open == std::string::npos ? open : text.find(']', open);
        if (close == std::string::npos)
            break;
        const std::string bracket = text.substr(open, close + 1 - open);
        std::string ids;
        bool any = false;
        for (const std::string& id : text::findCitations(bracket)) {
            const auto alias = aliases.find(id);
            any = any || alias != aliases.end();
            ids += (ids.empty() ? "" : ", ") + (alias == aliases.end() ? id : alias->second);
        }
        out += text.substr(at, open - at) + (any ? '[' + ids + ']' : bracket);
        at = close + 1;
    }
    return out + text.substr(std::min(at, text.size()));
}

std::string answerId(const std::vector<Message>& request, const std::string& answer)
{
    Sha256 digest;
    for (const Message& message : request)
        digest.addField(message.role).addField(message.content);
    return digest.addField(answer).hex();
}

} // namespace precedent::workspace
