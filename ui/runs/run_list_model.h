#pragma once

#include <QAbstractListModel>
#include <QPointer>

#include <vector>

#include "precedent/casebase/casebase.h"
#include "precedent/casebase/run_store.h"

namespace precedent::ui {

class CasebaseBridge;

/// A run as the list has it.
struct ListedRun {
    casebase::Run run;
    std::string preset;

    bool operator==(const ListedRun& other) const;
};
/// Worker thread of a CasebaseBridge. A run that says it goes on is "elsewhere" if some program holds its lock, else "stopped".
[[nodiscard]] Result<std::vector<ListedRun>> readRuns(casebase::Casebase& casebase);

/// The casebase's runs, newest first. UI thread.
class RunListModel final : public QAbstractListModel {
    Q_OBJECT
public:
    enum DataRole { idRole = Qt::UserRole + 1, stateRole, detailRole, whenRole, searchRole };
    using QAbstractListModel::QAbstractListModel;

    void setCasebase(CasebaseBridge* casebase);
    /// Asks the casebase again. Rows are made anew only where other runs are there than before.
    void refresh();
    /// The run that this window trains: its state is what setLive() says. Empty: none.
    void setOwn(const QString& id);
    [[nodiscard]] bool anyElsewhere() const;
    /// What the run under way says of itself, until the casebase is asked again.
    void setLive(const QString& id, const QString& state, int step);

    [[nodiscard]] int rowOf(const QString& id) const; ///< -1 if it is not there
    [[nodiscard]] const casebase::Run* runAt(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    /// Renames the run (EditRole); failed() follows where the casebase does not take it.
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

Q_SIGNALS:
    void loaded();
    void failed(const QString& message, const QString& hint);

private:
    void take(std::vector<ListedRun> runs);

    QPointer<CasebaseBridge> m_casebase;
    std::vector<ListedRun> m_runs;
    QString m_own; ///< the run that this window trains
};

} // namespace precedent::ui
