#include "app/cli/loaded_model.h"

#include "precedent/workspace/engine_loader.h"

namespace precedent::cli {

Result<core::Engine*> openEngine(const Context& context)
{
    const GlobalOptions& globals = context.globals();
    return workspace::openEngine({context.threads(), globals.dtype, globals.device, context.localRank()});
}

Result<workspace::ModelSource> sourceOf(const std::string& name, const std::string& casebase)
{
    if (casebase.empty())
        return workspace::resolveModel(name);
    Result<std::unique_ptr<casebase::Casebase>> opened = casebase::Casebase::open(casebase, casebase::OpenMode::readOnly);
    if (!opened)
        return opened.error();
    return workspace::resolveModel(name, opened->get());
}

Result<LoadedModel> loadModel(const Context& context, const std::string& name, const std::string& adapter, const std::string& casebase)
{
    Result<workspace::ModelSource> source = sourceOf(name, casebase);
    if (!source)
        return source.error();
    if (!adapter.empty())
        source->adapter = adapter;
    Result<align::PromptEncoder> encoder = align::PromptEncoder::load(source->folder);
    if (!encoder)
        return encoder.error();
    const Result<core::Engine*> engine = openEngine(context);
    if (!engine)
        return engine.error();
    Result<std::shared_ptr<core::Model>> model = engine.value()->load({source->folder.string(), source->adapter});
    if (!model)
        return model.error();
    return LoadedModel{std::move(*source), std::move(*encoder), std::move(*model)};
}

} // namespace precedent::cli
