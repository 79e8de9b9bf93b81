#pragma once

#include <vector>

#include <QPointer>
#include <QSet>
#include <QStringList>

#include "precedent/workspace/checkpoint_card.h"
#include "precedent/workspace/model_catalog.h"
#include "ui/shell/inspect_order.h"
#include "ui/shell/place.h"

class QAction;
class QLabel;
class QLineEdit;
class QScrollArea;
class QVBoxLayout;

namespace precedent::ui {

class JobLine;
class ModelCardView;
class ModelCatalogBridge;
class ModelDetail;
class ModelJobs;
struct ExportSubject;

/// Models: a card for each model at hand, with what this casebase's runs made of it; what is chosen in full at the right.
class ModelsPlace final : public Place {
    Q_OBJECT
public:
    /// Exports and measurements take their turn in `line`, which outlives the place.
    explicit ModelsPlace(JobLine& line, QWidget* parent = nullptr);
    ~ModelsPlace() override;

    [[nodiscard]] QString title() const override { return tr("Models"); }
    [[nodiscard]] QString icon() const override { return QStringLiteral("models"); }
    [[nodiscard]] QString help() const override;
    void setCasebase(CasebaseBridge* casebase) override;
    [[nodiscard]] QWidget* filterField() const override;
    [[nodiscard]] QWidget* mainView() override;

    [[nodiscard]] bool isBusy() const; ///< an export or a measurement is under way, or waits for its turn
    void cancel(); ///< over() follows

    /// Adds model folders to the user's list; one that cannot be loaded is an issue and changes nothing.
    void addFolders(const QStringList& folders);
    /// Whether a dropped file is a model: a folder, as far as its config.json tells, or a .gguf file.
    [[nodiscard]] static bool isModelFolder(const QString& path);

Q_SIGNALS:
    void newRunWanted(const QString& model); ///< as resolveModel() takes it
    void runWanted(const QString& run);
    void inspectWanted(const precedent::ui::InspectOrder& order);
    /// `share` below 0: not known; an empty name: nothing runs.
    void jobChanged(const QString& name, const QString& detail, double share);
    void over();

protected:
    void showEvent(QShowEvent* event) override;

private:
    void makePage();
    void makeActions();
    void connectCatalog();
    void connectJobs();
    void refresh();
    void readCheckpoints();
    void takePlaces(const workspace::ModelPlaces& places);
    void takeCard(const workspace::ModelCard& card);
    ModelCardView* makeView(const workspace::ModelPlace& place);
    void shareOutCheckpoints();
    [[nodiscard]] ModelCardView* viewOf(const QString& name) const;
    void choose(const QString& choice);
    void showDetail(); ///< of what is chosen, or else of the first model
    void filter();
    void inspect(const QString& model);
    void offerUndo(const QString& name, const QString& folder);
    void chooseFolder();
    void exportShown(); ///< the form
    [[nodiscard]] ExportSubject exportSubject() const; ///< what is shown

    QPointer<CasebaseBridge> m_casebase;
    ModelCatalogBridge* m_catalog;
    ModelJobs* m_jobs;
    QAction* m_export;
    QAction* m_measure;
    QLineEdit* m_search;
    QLabel* m_count;
    QWidget* m_undo; ///< the line that a removal leaves
    QLabel* m_undoText;
    QLabel* m_noMatch;
    QScrollArea* m_scroll;
    QVBoxLayout* m_page = nullptr; ///< in m_scroll
    ModelDetail* m_detail;
    std::vector<ModelCardView*> m_views; ///< in the order of the page
    std::vector<workspace::ModelPlace> m_places; ///< those with a name of their own
    std::vector<workspace::CheckpointCard> m_checkpoints;
    QString m_chosen; ///< a model's name or a checkpoint's
    QString m_shown; ///< the same, or the first model while that is not there
    QSet<QString> m_unchecked; ///< whose check the user cancelled
    QString m_removedName;
    QString m_removedFolder;
};

} // namespace precedent::ui
