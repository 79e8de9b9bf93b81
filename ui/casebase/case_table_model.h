#pragma once

#include <QAbstractTableModel>
#include <QCache>
#include <QPointer>
#include <QSet>

#include "precedent/casebase/case_store.h"

namespace precedent::ui {

class CasebaseBridge;

/// The cases that a filter lets through, page by page: a million rows cost as much as those in view.
///
/// A row that is not here yet shows an empty line and arrives later (dataChanged). Sorting and filtering happen in the
/// casebase. Lives on the UI thread.
class CaseTableModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { idColumn, requestColumn, codesColumn, dispositionColumn, statusColumn, columnCount_ };
    enum DataRole { summaryRole = Qt::UserRole + 1, dispositionRole, statusRole, hiddenRole };

    explicit CaseTableModel(QObject* parent = nullptr);

    /// Shows another casebase, or none.
    void setCasebase(CasebaseBridge* casebase);
    void setFilter(const casebase::CaseFilter& filter);
    [[nodiscard]] const casebase::CaseFilter& filter() const { return m_query.filter; }
    /// Asks again for what is shown; the selection's place is the view's to keep (by id).
    void refresh();

    [[nodiscard]] qint64 total() const { return m_total; } ///< rows without the filter
    [[nodiscard]] QString idAt(int row) const; ///< empty while the row is on its way

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

Q_SIGNALS:
    void countsChanged(qint64 shown, qint64 total);
    void failed(const QString& message);

private:
    static constexpr int kPage = 128;
    static constexpr int kPagesKept = 64;

    [[nodiscard]] const casebase::CaseSummary* at(int row) const;
    void fetch(int page) const;

    QPointer<CasebaseBridge> m_casebase;
    casebase::CaseQuery m_query;
    int m_rows = 0;
    qint64 m_total = 0;
    quint64 m_generation = 0; ///< answers to older questions are dropped
    mutable QCache<int, std::vector<casebase::CaseSummary>> m_pages{kPagesKept};
    mutable QSet<int> m_asked;
};

} // namespace precedent::ui
