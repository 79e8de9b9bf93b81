#include "ui/models/models_place.h"

#include <algorithm>

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QVBoxLayout>

#include "precedent/workspace/model_source.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/bridge/model_catalog_bridge.h"
#include "ui/models/checkpoint_table_model.h"
#include "ui/models/choose_model.h"
#include "ui/models/drop_area.h"
#include "ui/models/export_dialog.h"
#include "ui/models/model_card_view.h"
#include "ui/models/model_detail.h"
#include "ui/models/model_jobs.h"
#include "ui/shell/card.h"
#include "ui/shell/counted.h"
#include "ui/shell/icons.h"
#include "ui/shell/pane.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

using workspace::CheckpointCard;
using workspace::ModelCard;
using workspace::ModelOrigin;
using workspace::ModelPlace;
using workspace::ModelPlaces;

constexpr int kListWidth = 944;
constexpr int kDetailWidth = 448;
constexpr int kSearchWidth = 224;

QString text(const std::string& value) { return QString::fromStdString(value); }

/// Whether a run's base is this model: by the name that the user gave, or by the folder behind it.
bool isBase(const ModelPlace& place, const CheckpointCard& checkpoint)
{
    if (place.name == checkpoint.choice.base)
        return true;
    return !checkpoint.baseFolder.empty() &&
        std::filesystem::absolute(place.folder).lexically_normal() == checkpoint.baseFolder.lexically_normal();
}

} // namespace

ModelsPlace::ModelsPlace(JobLine& line, QWidget* parent)
    : Place(parent)
    , m_catalog(new ModelCatalogBridge(this))
    , m_jobs(new ModelJobs(line, this))
    , m_export(new QAction(tr("Export the model"), this))
    , m_measure(new QAction(tr("Measure the model's speed"), this))
    , m_search(new QLineEdit(this))
    , m_count(new QuietLabel({}, bodyFont(), this))
    , m_undo(new Card(this))
    , m_undoText(new QLabel(m_undo))
    , m_noMatch(new QuietLabel(tr("No model matches."), bodyFont(), this))
    , m_scroll(new QScrollArea(this))
    , m_detail(new ModelDetail(*m_jobs, this))
{
    setObjectName(QStringLiteral("modelsPlace"));
    m_search->setObjectName(QStringLiteral("modelSearchEdit"));
    m_search->setPlaceholderText(tr("Search models"));
    m_search->setAccessibleName(tr("Search models"));
    m_search->setClearButtonEnabled(true);
    m_search->setFixedWidth(kSearchWidth);
    m_search->addAction(themedIcon(QStringLiteral("inspect")), QLineEdit::LeadingPosition);
    m_count->setObjectName(QStringLiteral("modelCountLabel"));
    m_count->setWordWrap(false);
    m_noMatch->setObjectName(QStringLiteral("noModelLabel"));
    m_noMatch->setAlignment(Qt::AlignCenter);
    m_noMatch->hide();
    auto* undo = new QPushButton(themedIcon(QStringLiteral("undo")), tr("Undo"), m_undo);
    undo->setObjectName(QStringLiteral("undoRemoveModelButton"));
    m_undoText->setObjectName(QStringLiteral("removedModelLabel"));
    auto* undoRow = new QHBoxLayout(m_undo);
    undoRow->setContentsMargins(16, 8, 16, 8);
    undoRow->addWidget(m_undoText, 1);
    undoRow->addWidget(undo);
    m_undo->hide();
    connect(m_search, &QLineEdit::textChanged, this, &ModelsPlace::filter);
    connect(undo, &QPushButton::clicked, this, [this] { m_catalog->restore(m_removedName, m_removedFolder); });
    makePage();
    makeActions();
    connectCatalog();
    connectJobs();
}

ModelsPlace::~ModelsPlace() = default;

void ModelsPlace::makePage()
{
    auto* add = new QPushButton(themedIcon(QStringLiteral("import"), Role::onAccent), tr("Add a model"), this);
    add->setObjectName(QStringLiteral("addModelButton"));
    add->setProperty("primary", true);
    auto* page = new QWidget;
    m_page = new QVBoxLayout(page);
    m_page->setContentsMargins(16, 16, 24, 24);
    m_page->setSpacing(16);
    auto* drop = new DropArea(page);
    m_page->addWidget(m_undo);
    m_page->addWidget(m_noMatch);
    m_page->addWidget(drop);
    m_page->addStretch();
    m_scroll->setObjectName(QStringLiteral("modelsScroll"));
    m_scroll->setWidgetResizable(true);
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidget(page);
    m_scroll->viewport()->setAutoFillBackground(false);
    page->setAutoFillBackground(false);
    auto* left = new Pane(this);
    left->bar()->setContentsMargins(16, 0, 24, 1);
    left->bar()->addWidget(m_search);
    left->bar()->addStretch();
    left->bar()->addWidget(m_count);
    left->bar()->addWidget(add);
    left->setBody(m_scroll);
    auto* splitter = new QSplitter(this);
    splitter->setObjectName(QStringLiteral("modelsSplitter"));
    splitter->addWidget(left);
    splitter->addWidget(m_detail);
    splitter->setSizes({kListWidth, kDetailWidth});
    splitter->setStretchFactor(0, 2);
    splitter->setStretchFactor(1, 1);
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(splitter);

    connect(add, &QPushButton::clicked, this, &ModelsPlace::chooseFolder);
    connect(drop, &DropArea::chooseAsked, this, &ModelsPlace::chooseFolder);
}

void ModelsPlace::makeActions()
{
    m_export->setObjectName(QStringLiteral("exportModel"));
    m_export->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_E));
    m_measure->setObjectName(QStringLiteral("measureModel"));
    addActions({m_export, m_measure});
    // Queued: chosen from another place, this one is shown first.
    connect(m_export, &QAction::triggered, this, &ModelsPlace::exportShown, Qt::QueuedConnection);
    connect(
        m_measure, &QAction::triggered, this,
        [this] {
            if (const JobModel* model = m_detail->jobModel())
                m_jobs->measure(*model);
        },
        Qt::QueuedConnection);
}

void ModelsPlace::connectJobs()
{
    const auto enable = [this] {
        for (QAction* action : {m_export, m_measure})
            action->setEnabled(m_detail->jobModel() != nullptr && !m_jobs->isBusy());
    };
    connect(m_jobs, &ModelJobs::changed, this, enable);
    connect(m_detail, &ModelDetail::shown, this, enable);
    connect(m_detail, &ModelDetail::exportWanted, this, &ModelsPlace::exportShown);
    connect(m_jobs, &ModelJobs::jobChanged, this, &ModelsPlace::jobChanged);
    connect(m_jobs, &ModelJobs::over, this, &ModelsPlace::over);
    connect(m_jobs, &ModelJobs::troubled, this, &Place::troubled);
    enable();
}

void ModelsPlace::connectCatalog()
{
    connect(m_detail, &ModelDetail::inspectWanted, this, &ModelsPlace::inspect);
    connect(m_detail, &ModelDetail::runWanted, this, &ModelsPlace::runWanted);
    connect(m_detail, &ModelDetail::removeWanted, m_catalog, &ModelCatalogBridge::remove);
    connect(m_catalog, &ModelCatalogBridge::placesRead, this, &ModelsPlace::takePlaces);
    connect(m_catalog, &ModelCatalogBridge::cardRead, this, &ModelsPlace::takeCard);
    connect(m_catalog, &ModelCatalogBridge::failed, this, &Place::troubled);
    connect(m_catalog, &ModelCatalogBridge::added, this, [this](const ModelCard& card) {
        m_chosen = text(card.name);
        refresh();
    });
    connect(m_catalog, &ModelCatalogBridge::removed, this, &ModelsPlace::offerUndo);
    connect(m_catalog, &ModelCatalogBridge::restored, this, [this](const QString& name) {
        m_undo->hide();
        m_chosen = name;
        refresh();
    });
    connect(m_catalog, &ModelCatalogBridge::checkProgressed, this, [this](const QString& name, qint64 read, qint64 total) {
        if (ModelCardView* view = viewOf(name); view != nullptr && total > 0)
            view->showChecking(static_cast<double>(read) / static_cast<double>(total));
    });
    connect(m_catalog, &ModelCatalogBridge::checked, this, [this](const QString& name, const QString& sha256) {
        if (ModelCardView* view = viewOf(name))
            view->showDigest(sha256);
        if (m_shown == name)
            showDetail();
    });
    connect(m_catalog, &ModelCatalogBridge::checkCancelled, this, [this](const QString& name) {
        if (ModelCardView* view = viewOf(name))
            view->showDigest({});
    });
}

QString ModelsPlace::help() const
{
    return tr(
        "Models are folders in Hugging Face layout (config.json, model.safetensors and tokenizer.json) or .gguf files. Added ones stay "
        "where they are; the list only keeps a name for each. Below a model is what runs of this casebase made of it: adapters, or all "
        "weights. Choose a name or a row to see all of it, to ask it in Inspect, to start a run on it, to measure how fast it "
        "is on this machine, or to export it for other programs.");
}

QWidget* ModelsPlace::filterField() const { return m_search; }

QWidget* ModelsPlace::mainView() { return m_scroll; }

bool ModelsPlace::isModelFolder(const QString& path) { return workspace::isModelPlace(path.toStdString()); }

void ModelsPlace::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    m_jobs->setCasebase(casebase != nullptr ? casebase->path() : std::filesystem::path());
    m_checkpoints.clear();
    m_chosen.clear();
    if (casebase != nullptr)
        connect(casebase, &CasebaseBridge::changed, this, &ModelsPlace::readCheckpoints);
    if (isVisible())
        refresh();
    else
        shareOutCheckpoints();
}

void ModelsPlace::showEvent(QShowEvent* event)
{
    Place::showEvent(event);
    refresh(); // a run, the command line or the user may have changed what is there
}

void ModelsPlace::refresh()
{
    m_catalog->refresh();
    m_jobs->refresh();
    readCheckpoints();
}

void ModelsPlace::readCheckpoints()
{
    if (!m_casebase || !isVisible())
        return;
    m_casebase->ask(
        this, [](casebase::Casebase& casebase) { return workspace::checkpointCards(casebase); },
        [this](std::vector<CheckpointCard> checkpoints) {
            m_checkpoints = std::move(checkpoints);
            shareOutCheckpoints();
        });
}

void ModelsPlace::takePlaces(const ModelPlaces& places)
{
    if (!places.registry.ok())
        Q_EMIT troubled(text(places.registry.error().message()), text(places.registry.error().hint()));
    m_places = places.places;
    shareOutCheckpoints();
}

void ModelsPlace::shareOutCheckpoints()
{
    std::vector<ModelPlace> all = m_places;
    std::vector<std::vector<CheckpointCard>> shares(all.size());
    for (const CheckpointCard& checkpoint : m_checkpoints) {
        auto base = std::find_if(all.begin(), all.end(), [&](const ModelPlace& place) { return isBase(place, checkpoint); });
        if (base == all.end()) {
            const std::filesystem::path folder =
                checkpoint.baseFolder.empty() ? std::filesystem::path(checkpoint.choice.base) : checkpoint.baseFolder;
            all.push_back({checkpoint.choice.base, folder, ModelOrigin::elsewhere});
            shares.emplace_back();
            base = all.end() - 1;
        }
        shares[static_cast<std::size_t>(base - all.begin())].push_back(checkpoint);
    }
    std::vector<ModelCardView*> views;
    std::vector<ModelPlace> unread;
    for (std::size_t i = 0; i < all.size(); ++i) {
        ModelCardView* view = viewOf(text(all[i].name));
        if (view == nullptr || view->card().folder != all[i].folder || view->card().origin != all[i].origin)
            view = makeView(all[i]);
        if (!view->wasRead() && all[i].origin == ModelOrigin::elsewhere)
            unread.push_back(all[i]);
        view->setCheckpoints(std::move(shares[i]));
        views.push_back(view);
    }
    for (ModelCardView* old : m_views) {
        if (std::find(views.begin(), views.end(), old) == views.end())
            old->deleteLater();
    }
    m_views = std::move(views);
    for (ModelCardView* view : m_views) {
        m_page->removeWidget(view);
        m_page->insertWidget(m_page->count() - 2, view); // before the drop area and the stretch
    }
    m_catalog->readCards(unread);
    filter();
    showDetail();
}

ModelCardView* ModelsPlace::makeView(const ModelPlace& place)
{
    auto* view = new ModelCardView(place, this);
    connect(view, &ModelCardView::chosen, this, &ModelsPlace::choose);
    connect(view, &ModelCardView::newRunWanted, this, [this, view] { Q_EMIT newRunWanted(view->name()); });
    connect(view, &ModelCardView::inspectWanted, this, [this, view] { inspect(view->name()); });
    connect(view, &ModelCardView::exportWanted, this, [this](const QString& choice) {
        choose(choice);
        exportShown();
    });
    connect(view, &ModelCardView::removeWanted, this, [this, view] { m_catalog->remove(view->name()); });
    connect(view, &ModelCardView::checkWanted, this, [this, view] {
        m_unchecked.remove(view->name());
        view->showChecking(0);
        m_catalog->check(view->card());
    });
    connect(view, &ModelCardView::cancelCheckWanted, this, [this, view] {
        m_unchecked.insert(view->name());
        m_catalog->cancelCheck(view->name());
    });
    return view;
}

void ModelsPlace::takeCard(const ModelCard& card)
{
    ModelCardView* view = viewOf(text(card.name));
    if (view == nullptr || view->card().folder != card.folder)
        return;
    view->setCard(card);
    if (card.loads() && card.sha256.empty() && !m_unchecked.contains(view->name())) {
        view->showChecking(0);
        m_catalog->check(card);
    }
    filter();
    if (m_shown == view->name())
        showDetail();
}

ModelCardView* ModelsPlace::viewOf(const QString& name) const
{
    const auto found = std::find_if(m_views.begin(), m_views.end(), [&](const ModelCardView* view) { return view->name() == name; });
    return found == m_views.end() ? nullptr : *found;
}

void ModelsPlace::choose(const QString& choice)
{
    m_chosen = choice;
    showDetail();
}

void ModelsPlace::showDetail()
{
    const auto checkpoint = std::find_if(
        m_checkpoints.begin(), m_checkpoints.end(), [&](const CheckpointCard& card) { return text(card.choice.name) == m_chosen; });
    // What was chosen may be about to be listed, so the first model only stands in for it.
    const bool there = viewOf(m_chosen) != nullptr || checkpoint != m_checkpoints.end();
    m_shown = there || m_views.empty() ? m_chosen : m_views.front()->name();
    for (ModelCardView* view : m_views)
        view->select(m_shown);
    if (const ModelCardView* view = viewOf(m_shown))
        m_detail->showModel(view->card());
    else if (checkpoint != m_checkpoints.end())
        m_detail->showCheckpoint(*checkpoint, m_casebase ? text(m_casebase->path().stem().string()) : QString());
    else
        m_detail->showNothing();
}

void ModelsPlace::filter()
{
    int models = 0;
    qint64 made = 0;
    for (ModelCardView* view : m_views) {
        const bool shown = view->matches(m_search->text());
        view->setVisible(shown);
        models += shown ? 1 : 0;
        made += shown ? view->checkpoints().rowCount() : 0;
    }
    m_noMatch->setVisible(models == 0 && !m_views.empty());
    m_count->setText(
        tr("%1, %2").arg(counted(models, tr("1 model"), tr("%1 models")), counted(made, tr("1 checkpoint"), tr("%1 checkpoints"))));
}

void ModelsPlace::inspect(const QString& model)
{
    InspectOrder order;
    order.models = {model.toStdString()};
    Q_EMIT inspectWanted(order);
}

bool ModelsPlace::isBusy() const { return m_jobs->isBusy(); }

void ModelsPlace::cancel() { m_jobs->cancel(); }

ExportSubject ModelsPlace::exportSubject() const
{
    ExportSubject subject;
    subject.model = *m_detail->jobModel();
    const auto checkpoint = std::find_if(
        m_checkpoints.begin(), m_checkpoints.end(), [&](const CheckpointCard& card) { return text(card.choice.name) == m_shown; });
    const ModelCardView* view = viewOf(m_shown);
    if (view == nullptr && checkpoint != m_checkpoints.end()) {
        subject.isAdapter = checkpoint->isAdapter;
        subject.adapterBytes = checkpoint->isAdapter ? checkpoint->bytes : 0;
        // Its base, under which it stands, has as many weights.
        const auto base = std::find_if(m_views.begin(), m_views.end(),
            [&](const ModelCardView* one) { return one->checkpoints().rowOf(text(checkpoint->choice.name)) >= 0; });
        view = base == m_views.end() ? nullptr : *base;
    }
    if (view != nullptr) {
        subject.parameters = view->card().parameters;
        subject.storedAsFloat32 = view->card().dtype == "F32";
    }
    return subject;
}

void ModelsPlace::exportShown()
{
    if (m_detail->jobModel() == nullptr || m_jobs->isBusy())
        return;
    auto* dialog = new ExportDialog(exportSubject(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, model = *m_detail->jobModel()] {
        const workspace::ExportOrder order = dialog->order();
        ExportDialog::rememberFolder(order);
        m_jobs->exportModel(model, order);
    });
    dialog->open();
}

void ModelsPlace::offerUndo(const QString& name, const QString& folder)
{
    m_removedName = name;
    m_removedFolder = folder;
    m_undoText->setText(tr("%1 was removed from the list. Its folder is as it was.").arg(name));
    m_undo->show();
    if (m_chosen == name)
        m_chosen.clear();
    refresh();
}

void ModelsPlace::addFolders(const QStringList& folders)
{
    for (const QString& folder : folders)
        m_catalog->add(folder);
}

void ModelsPlace::chooseFolder()
{
    const QString model = chooseModel(this);
    if (!model.isEmpty())
        addFolders({model});
}

} // namespace precedent::ui
